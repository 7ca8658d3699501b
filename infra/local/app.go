package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"

	"apicenter/shared/connector/all"
	"apicenter/shared/events"
	"apicenter/shared/events/localbus"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/queue/sqlitequeue"
	"apicenter/shared/secret"
	"apicenter/shared/secret/filesecret"
	"apicenter/shared/sqlitefile"
	"apicenter/shared/stage"
	"apicenter/shared/stage/fetch"
	"apicenter/shared/stage/mapper"
	"apicenter/shared/stage/retry"
	"apicenter/shared/stage/sender"
	"apicenter/shared/stage/webhook"
	"apicenter/shared/store/sqlitestore"
	"apicenter/shared/telemetry"
)

// app is the whole pipeline in one process, on one database file.
type app struct {
	file     *sqlitefile.File
	store    *sqlitestore.Store
	queue    *sqlitequeue.Queue
	vault    *secret.Vault
	codec    *message.Codec
	sessions *stage.Sessions
	plans    *stage.Plans
	world    stage.World
	bus      *localbus.Bus
	log      *slog.Logger

	fetch   *fetch.Stage
	mapper  *mapper.Stage
	sender  *sender.Stage
	retry   *retry.Stage
	webhook *webhook.Stage
}

// lease is how long a reader holds a flow without a sign of life: short here, where a dead process is started again at once.
const lease = 30 * time.Second

// openApp opens the data folder, makes it where it is missing, and wires the stages.
func openApp(ctx context.Context, dir string, log *slog.Logger) (*app, error) {
	file, err := sqlitefile.Open(filepath.Join(dir, "apicenter.db"))
	if err != nil {
		return nil, err
	}
	a := &app{file: file, log: log, world: world()}
	if err := a.wire(ctx, dir); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return a, nil
}

// world is the machine's own clock, ids, randomness and goroutines.
func world() stage.World {
	return stage.World{
		Now:  func() time.Time { return time.Now().UTC() },
		ID:   func() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() },
		Rand: mrand.Float64,
		Each: stage.Parallel,
	}
}

func (a *app) wire(ctx context.Context, dir string) error {
	var err error
	if a.store, err = sqlitestore.Open(ctx, a.file, a.world.Now); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	// The file is locked: nobody else works on it, and what an earlier process left in flight or leased is free.
	if err := a.store.ExpireLeases(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if a.queue, err = sqlitequeue.Open(ctx, a.file, a.world.Now, sqlitequeue.Options{Recover: true}); err != nil {
		return fmt.Errorf("queues: %w", err)
	}
	wrapper, err := filesecret.Open(filepath.Join(dir, "master.key"))
	if err != nil {
		return err
	}
	a.vault = secret.NewVault(a.store, wrapper, a.world.Now)
	if a.codec, err = message.NewCodec(a.vault); err != nil {
		return err
	}
	a.sessions = &stage.Sessions{Connections: a.store, Sealer: a.vault, Connectors: all.Connectors(), HTTP: outgoing(),
		World: a.world, Log: a.log}
	a.plans = &stage.Plans{Flows: a.store, Connections: a.store, Connector: a.sessions.Connector}
	a.bus = localbus.New(localbus.Options{Log: a.log})
	a.bus.Subscribe("log", a.report)
	teller := &stage.Teller{Incidents: a.store, Events: a.bus, World: a.world, Log: a.log}
	ender := &stage.Ender{Activity: a.store, Failures: a.store, Queue: a.queue, Codec: a.codec, World: a.world}
	a.fetch = &fetch.Stage{Plans: a.plans, Sessions: a.sessions, Flows: a.store, Connections: a.store, Positions: a.store,
		Rereads: a.store, Activity: a.store, Failures: a.store, Teller: teller, Loads: a.store, Queue: a.queue,
		Codec: a.codec, World: a.world, Log: a.log, Lease: lease}
	a.mapper = &mapper.Stage{Plans: a.plans, Rereads: a.store, Ledger: a.store, Loads: a.store, Queue: a.queue, Ender: ender,
		Codec: a.codec, World: a.world, Log: a.log}
	a.sender = &sender.Stage{Sessions: a.sessions, Flows: a.store, Connections: a.store, Ledger: a.store, Failures: a.store,
		Teller: teller, Loads: a.store, Queue: a.queue, Ender: ender, Codec: a.codec, Index: a.vault, World: a.world,
		Log: a.log, Products: &sender.Known{Now: a.world.Now}}
	a.retry = &retry.Stage{Sessions: a.sessions, Flows: a.store, Connections: a.store, Failures: a.store, Teller: teller,
		Loads: a.store, Queue: a.queue, Ender: ender, Codec: a.codec, World: a.world, Log: a.log, Enqueue: a.fetch.Enqueue}
	a.webhook = &webhook.Stage{Flows: a.store, Enqueue: a.fetch.Enqueue, Log: a.log}
	return nil
}

// outgoing is the client all connectors share: connections are kept, so that a thousand orders do not shake hands a
// thousand times.
func outgoing() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
	}}
}

// report logs what happened, one line an event.
func (a *app) report(ctx context.Context, e events.Event) {
	a.log.InfoContext(ctx, string(e.Type), telemetry.Tenant(e.Tenant), "subject", e.Subject, "problem", e.Problem.Message, "advice", e.Problem.Advice)
}

// closing is how long subscribers may still work off what waits for them.
const closing = 5 * time.Second

func (a *app) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	return errors.Join(a.bus.Close(ctx), a.file.Close())
}

// quiet reports whether nothing is on its way: all queues are empty, delayed messages included.
func (a *app) quiet(ctx context.Context) (bool, error) {
	for _, name := range queue.All() {
		counts, err := a.queue.Counts(ctx, name)
		if err != nil {
			return false, err
		}
		if counts.Total() > 0 {
			return false, nil
		}
	}
	return true, nil
}

// consumers are the stages with the queues they take from, as the event sources of the cloud have them.
func (a *app) consumers() []consumer {
	list := []consumer{
		{queue: queue.Map, handle: a.mapper.Handle, workers: 2, batch: 4},
		{queue: queue.Send, handle: a.sender.Handle, workers: 4, batch: 1},
		{queue: queue.Retry, handle: a.retry.Handle, workers: 1, batch: 10},
	}
	for _, kind := range model.Kinds() {
		list = append(list, consumer{queue: queue.Fetch(kind), handle: a.fetch.Handle, workers: 1, batch: 1})
	}
	return list
}
