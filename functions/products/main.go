// Command products is the Lambda function that reads products: every minute it looks for flows that are due, and it takes the jobs of
// the queue fetch-products.
package main

import (
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/model"
)

func main() {
	os.Exit(awsenv.Run("fetch", func(e *awsenv.Env) awsenv.Handlers { return e.Fetch(model.Products) }))
}
