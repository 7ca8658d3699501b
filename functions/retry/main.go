// Command retry is the Lambda function that brings back the records of the queue retry when their time has come, and looks
// after stopped connections every minute.
package main

import (
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/queue"
)

func main() { os.Exit(awsenv.Run("retry", wire)) }

func wire(e *awsenv.Env) awsenv.Handlers {
	e.Use(awsenv.Uses{Tables: []awsenv.Table{awsenv.Config, awsenv.Failures}, Queues: awsenv.FetchQueues(queue.Map, queue.Send, queue.Retry),
		DeadLetters: []queue.Name{queue.Retry}})
	s := e.Retry()
	return awsenv.Handlers{Messages: s.Handle, Tick: s.Tick}
}
