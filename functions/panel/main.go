// Command panel is the Lambda function that serves the web pages, behind every address of the gateway that is not a webhook.
// People sign in with the user pool; sessions lie in their browsers, sealed, so that any process answers anybody.
package main

import (
	"crypto/rand"
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/functions/internal/signin"
	"apicenter/shared/connector/all"
	"apicenter/shared/panel"
	"apicenter/shared/queue"
	"apicenter/shared/stage/operate"
)

func main() { os.Exit(awsenv.Run("panel", wire)) }

func wire(e *awsenv.Env) awsenv.Handlers {
	e.Use(awsenv.Uses{Tables: []awsenv.Table{awsenv.Config, awsenv.Ledger, awsenv.Activity, awsenv.Failures},
		Queues: awsenv.FetchQueues(queue.Send)})
	desk := &operate.Desk{Flows: e.Store(), Failures: e.Store(), Sessions: e.Sessions(), Fetch: e.Jobs(), Retry: e.Retry(), World: e.World()}
	p, err := panel.New(panel.Options{Store: e.Store(), Codec: e.Codec(), Connectors: all.Connectors(), Actions: desk, HTTPS: true,
		SignIn: signin.Open(e, e.World().Now), Now: e.World().Now, Log: e.Log(), Rand: rand.Reader})
	return awsenv.Handlers{Web: e.Must(p, err)}
}
