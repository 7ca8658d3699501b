// Package awsenv is a Lambda function's surroundings: it reads the environment, opens the AWS adapters a function asks for,
// and turns what wakes the function into calls of its stage.
//
// The mains under functions/ call Run with a function that wires one stage. What a main does not ask for is not opened, and
// its variables are not looked for: a cold function builds no client it does not use. Everything that is missing is told at
// once, before the first event. What a stage does it leaves to the stages, and what an event means to lambdaevent.
package awsenv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/oklog/ulid/v2"

	"apicenter/shared/queue"
	"apicenter/shared/stage"
	"apicenter/shared/telemetry"
)

// Env is what a main wires its stage from. Its methods never fail: what is missing is kept, and Run tells it in place of
// starting.
type Env struct {
	stage    string
	variable func(string) string
	log      *slog.Logger
	world    stage.World
	missing  []error
	asked    map[string]bool

	kind     string // of the flows the function reads; empty for the others
	sessions *stage.Sessions
	teller   *stage.Teller
	adapters
}

// Handlers are what a function does when it is woken; nil for what it is not woken by.
type Handlers struct {
	// Messages handles messages of a queue and returns the ids of those that have to come again.
	Messages func(ctx context.Context, deliveries []queue.Delivery) (failed []string)
	// Tick is called by the schedule, once a minute.
	Tick func(ctx context.Context) error
	// Web answers calls that come through the gateway.
	Web http.Handler
}

// Run wires the stage of the given name and serves what wakes the function, until Lambda ends the process. It returns the
// status to exit with when the function cannot start.
func Run(name string, wire func(e *Env) Handlers) int {
	f, err := start(name, wire, os.Getenv, os.Stdout)
	if err != nil {
		return 1
	}
	lambda.StartWithOptions(f)
	return 0
}

// start is Run without the loop.
func start(name string, wire func(e *Env) Handlers, variable func(string) string, out io.Writer) (*function, error) {
	e := &Env{stage: name, variable: variable, world: world(), asked: map[string]bool{}}
	level, err := logLevel(variable("AWS_LAMBDA_LOG_LEVEL"))
	e.log = telemetry.NewLog(out, level)
	e.lack(err)
	f := &function{env: e, namespace: e.need("METRICS_NAMESPACE")}
	f.handlers = wire(e)
	if err := errors.Join(e.missing...); err != nil {
		e.log.Error("the function cannot start", telemetry.Stage(name), "error", err)
		return nil, err
	}
	return f, nil
}

// logLevel reads the level that the template's logging configuration sets.
func logLevel(s string) (slog.Level, error) {
	var level slog.Level
	switch s {
	case "":
		return slog.LevelInfo, nil
	case "TRACE": // Lambda has one level more than slog
		return slog.LevelDebug, nil
	}
	if err := level.UnmarshalText([]byte(s)); err != nil {
		return level, fmt.Errorf("AWS_LAMBDA_LOG_LEVEL is %q; it has to be DEBUG, INFO, WARN or ERROR", s)
	}
	return level, nil
}

// need returns a variable that the function cannot do without.
func (e *Env) need(name string) string {
	value := e.variable(name)
	if value == "" && !e.asked[name] {
		e.asked[name] = true
		e.lack(fmt.Errorf("the environment variable %s is missing", name))
	}
	return value
}

// lack keeps what stands in the way of starting.
func (e *Env) lack(err error) {
	if err != nil {
		e.missing = append(e.missing, err)
	}
}

// Must returns a handler that could not fail but for a mistake in wiring, which then stands in the way of starting.
func (e *Env) Must(h http.Handler, err error) http.Handler {
	if len(e.missing) == 0 { // else it fails for what is told already
		e.lack(err)
	}
	return h
}

// Log is the function's log.
func (e *Env) Log() *slog.Logger { return e.log }

// World is the machine's clock, ids, randomness and goroutines.
func (e *Env) World() stage.World { return e.world }

func world() stage.World {
	return stage.World{
		Now:  func() time.Time { return time.Now().UTC() }, //nolint:forbidigo // this is where a function's clock comes from
		ID:   func() string { return ulid.MustNew(ulid.Now(), rand.Reader).String() },
		Rand: mrand.Float64,
		Each: stage.Parallel,
	}
}
