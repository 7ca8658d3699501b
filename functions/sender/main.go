// Command sender is the Lambda function that writes the documents of the queue send.fifo to their target, one message of a
// lane at a time.
package main

import (
	"os"

	"apicenter/functions/internal/awsenv"
	"apicenter/shared/queue"
	"apicenter/shared/stage/sender"
)

func main() { os.Exit(awsenv.Run("send", wire)) }

func wire(e *awsenv.Env) awsenv.Handlers {
	e.Use(awsenv.Uses{Tables: []awsenv.Table{awsenv.Config, awsenv.Ledger, awsenv.Activity, awsenv.Failures},
		Queues: []queue.Name{queue.Send, queue.Retry}, DeadLetters: []queue.Name{queue.Send}})
	store := e.Store()
	s := &sender.Stage{Sessions: e.Sessions(), Flows: store, Connections: store, Ledger: store, Failures: store, Teller: e.Teller(),
		Loads: store, Queue: e.Queue(), Ender: e.Ender(), Codec: e.Codec(), Index: e.Vault(), World: e.World(), Log: e.Log(),
		Products: &sender.Known{Now: e.World().Now}}
	return awsenv.Handlers{Messages: s.Handle}
}
