// Command mapper is the Lambda function that turns the source records of the queue map into the target's documents.
package main

import (
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/queue"
	"apicenter/shared/stage/mapper"
)

func main() { os.Exit(awsenv.Run("map", wire)) }

func wire(e *awsenv.Env) awsenv.Handlers {
	e.Use(awsenv.Uses{Tables: []awsenv.Table{awsenv.Config, awsenv.Ledger, awsenv.Activity, awsenv.Failures},
		Queues: []queue.Name{queue.Map, queue.Send, queue.Retry}})
	s := &mapper.Stage{Plans: e.Plans(), Rereads: e.Store(), Ledger: e.Store(), Loads: e.Store(), Queue: e.Queue(),
		Ender: e.Ender(), Codec: e.Codec(), World: e.World(), Log: e.Log()}
	return awsenv.Handlers{Messages: s.Handle}
}
