// Command webhook is the Lambda function behind POST /hooks/{token}: it starts a flow when a connected system calls.
package main

import (
	"net/http"
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/stage/webhook"
)

func main() { os.Exit(awsenv.Run("webhook", wire)) }

func wire(e *awsenv.Env) awsenv.Handlers {
	e.Use(awsenv.Uses{Tables: []awsenv.Table{awsenv.Config}, Queues: awsenv.FetchQueues()})
	mux := http.NewServeMux()
	mux.Handle("/hooks/{token}", &webhook.Stage{Flows: e.Store(), Enqueue: e.Jobs().Enqueue, Log: e.Log()})
	return awsenv.Handlers{Web: mux}
}
