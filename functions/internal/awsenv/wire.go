package awsenv

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"apicenter/shared/connector/all"
	"apicenter/shared/events/eventbridge"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/stage/fetch"
	"apicenter/shared/stage/retry"
	"apicenter/shared/telemetry"
)

// What several mains wire alike.

// Sessions opens connections to systems. A function that has them calls the outside world.
func (e *Env) Sessions() *stage.Sessions {
	if e.sessions == nil {
		e.sessions = &stage.Sessions{Connections: e.store, Sealer: e.vault, Connectors: all.Connectors(), HTTP: e.outgoing(),
			World: e.world, Log: e.log}
	}
	return e.sessions
}

// Plans puts flows together. It needs to know connectors, and calls none.
func (e *Env) Plans() *stage.Plans {
	known := &stage.Sessions{Connectors: all.Connectors()}
	return &stage.Plans{Flows: e.store, Connections: e.store, Connector: known.Connector}
}

// Ender writes down how the records of a message ended.
func (e *Env) Ender() *stage.Ender {
	return &stage.Ender{Activity: e.store, Failures: e.store, Queue: e.queue, Codec: e.codec, World: e.world}
}

// Teller tells owners, and publishes it on the bus that EVENT_BUS names. A function that has it publishes.
func (e *Env) Teller() *stage.Teller {
	if e.teller != nil {
		return e.teller
	}
	e.teller = &stage.Teller{Incidents: e.store, World: e.world, Log: e.log}
	if name := e.need("EVENT_BUS"); name != "" {
		bus, err := eventbridge.Open(sdk.NewFromConfig(e.aws(), eventbridge.Configure), eventbridge.Options{Bus: name})
		e.lack(err)
		e.teller.Events = bus
	}
	return e.teller
}

// Jobs is a fetch stage that only queues fetch jobs: what everybody has who asks for a flow to be read.
func (e *Env) Jobs() *fetch.Stage {
	return &fetch.Stage{Queue: e.queue, Codec: e.codec, World: e.world, Log: e.log}
}

// Fetch wires a whole function: the one that reads flows of a kind. There are five alike.
func (e *Env) Fetch(kind model.Kind) Handlers {
	e.kind = string(kind)
	e.Use(Uses{Tables: []Table{Config, Activity, Failures},
		Queues: []queue.Name{queue.Fetch(kind), queue.Map, queue.Send}, DeadLetters: []queue.Name{queue.Send}})
	s := &fetch.Stage{Plans: e.Plans(), Sessions: e.Sessions(), Flows: e.store, Connections: e.store, Positions: e.store,
		Rereads: e.store, Activity: e.store, Failures: e.store, Teller: e.Teller(), Loads: e.store, Queue: e.queue,
		Codec: e.codec, World: e.world, Log: e.log}
	tick := func(ctx context.Context) error {
		due, err := s.Tick(ctx, kind)
		telemetry.TallyOf(ctx).Add(telemetry.FlowsDue, due)
		return err
	}
	return Handlers{Messages: s.Handle, Tick: tick}
}

// Retry is the stage that brings records back, which the panel asks too when somebody tries a failure again.
func (e *Env) Retry() *retry.Stage {
	return &retry.Stage{Sessions: e.Sessions(), Flows: e.store, Connections: e.store, Failures: e.store, Teller: e.Teller(),
		Loads: e.store, Queue: e.queue, Ender: e.Ender(), Codec: e.codec, World: e.world, Log: e.log, Enqueue: e.Jobs().Enqueue}
}

// FetchQueues are the queues of all kinds' fetch jobs, and others.
func FetchQueues(others ...queue.Name) []queue.Name {
	for _, k := range model.Kinds() {
		others = append(others, queue.Fetch(k))
	}
	return others
}
