// Command orders is the Lambda function that reads orders: every minute it looks for flows that are due, and it takes the jobs of
// the queue fetch-orders.
package main

import (
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/model"
)

func main() {
	os.Exit(awsenv.Run("fetch", func(e *awsenv.Env) awsenv.Handlers { return e.Fetch(model.Orders) }))
}
