// Command customers is the Lambda function that reads customers: every minute it looks for flows that are due, and it takes the jobs of
// the queue fetch-customers.
package main

import (
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/model"
)

func main() {
	os.Exit(awsenv.Run("fetch", func(e *awsenv.Env) awsenv.Handlers { return e.Fetch(model.Customers) }))
}
