package awsenv

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/model"
	"apicenter/shared/store"
	"apicenter/shared/telemetry"
)

// asked is a store that answers what the test says.
type asked struct {
	store.Store
	err    error
	opened bool
	states map[string]integration.ConnectionStatus
}

func (a asked) AppendChunk(context.Context, store.Chunk) error { return a.err }
func (a asked) AddToRun(context.Context, string, string, string, int, int, time.Time, *fault.Error) error {
	return a.err
}
func (a asked) OpenIncident(context.Context, store.Incident) (bool, error) { return a.opened, a.err }
func (a asked) StoppedConnections(context.Context) ([]store.ConnectionRef, error) {
	return nil, a.err
}
func (a asked) ConnectionState(_ context.Context, _, id string) (integration.ConnectionState, error) {
	return integration.ConnectionState{Status: a.states[id]}, a.err
}

func TestTheStoreIsCounted(t *testing.T) {
	problem := fault.New(fault.Retry, "no answer")
	chunk := store.Chunk{Counts: map[model.Outcome]int{model.Delivered: 3, model.Rejected: 1, model.Pending: 2}}
	for name, test := range map[string]struct {
		store asked
		do    func(ctx context.Context, c counted) error
		want  map[string]int64
	}{
		"outcomes": {asked{}, func(ctx context.Context, c counted) error { return c.AppendChunk(ctx, chunk) },
			map[string]int64{telemetry.RecordsDelivered: 3, telemetry.RecordsRejected: 1, telemetry.RecordsPending: 2}},
		"outcomes that were not written": {asked{err: errors.New("no")}, func(ctx context.Context, c counted) error { return c.AppendChunk(ctx, chunk) }, nil},
		"a run that ended early": {asked{}, func(ctx context.Context, c counted) error {
			return c.AddToRun(ctx, "t", "f", "r", 1, 1, time.Time{}, problem)
		}, map[string]int64{telemetry.RunsFailed: 1}},
		"a run that went well": {asked{}, func(ctx context.Context, c counted) error {
			return c.AddToRun(ctx, "t", "f", "r", 1, 1, time.Time{}, nil)
		}, nil},
		"a new incident": {asked{opened: true}, func(ctx context.Context, c counted) error {
			_, err := c.OpenIncident(ctx, store.Incident{})
			return err
		}, map[string]int64{telemetry.IncidentsOpened: 1}},
		"a known incident": {asked{}, func(ctx context.Context, c counted) error {
			_, err := c.OpenIncident(ctx, store.Incident{})
			return err
		}, nil},
		"a look at stopped connections": {asked{states: map[string]integration.ConnectionStatus{"a": integration.Halted, "b": integration.Down}},
			func(ctx context.Context, c counted) error {
				if _, err := c.StoppedConnections(ctx); err != nil {
					return err
				}
				for _, id := range []string{"a", "b", "a"} {
					if _, err := c.ConnectionState(ctx, "t", id); err != nil {
						return err
					}
				}
				return nil
			}, map[string]int64{telemetry.Paused: 1}},
		"a look when none is paused": {asked{}, func(ctx context.Context, c counted) error {
			_, err := c.StoppedConnections(ctx)
			return err
		}, map[string]int64{telemetry.Paused: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, tally := telemetry.Counting(t.Context())
			if err := test.do(ctx, counted{test.store}); !errors.Is(err, test.store.err) {
				t.Errorf("got %v, want the store's own answer", err)
			}
			got := map[string]int64{}
			for _, m := range tally.Metrics() {
				got[m.Name] = m.Value
			}
			if len(test.want) != len(got) || (len(got) > 0 && !cmp.Equal(test.want, got)) {
				t.Errorf("counted %v, want %v", got, test.want)
			}
		})
	}
}
