// Command prices is the Lambda function that reads prices: every minute it looks for flows that are due, and it takes the jobs of
// the queue fetch-prices.
package main

import (
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/model"
)

func main() {
	os.Exit(awsenv.Run("fetch", func(e *awsenv.Env) awsenv.Handlers { return e.Fetch(model.Prices) }))
}
