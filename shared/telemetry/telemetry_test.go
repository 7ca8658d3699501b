package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/telemetry"
)

// line logs one line and returns it decoded, without its time.
func line(t *testing.T, attrs ...slog.Attr) map[string]any {
	t.Helper()
	var out bytes.Buffer
	telemetry.NewLog(&out, slog.LevelInfo).LogAttrs(t.Context(), slog.LevelInfo, "a message was handled", attrs...)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("the line is not one JSON object: %v\n%s", err, out.String())
	}
	if _, err := time.Parse(time.RFC3339, got["timestamp"].(string)); err != nil {
		t.Errorf("Lambda filters by a timestamp in RFC 3339: %v", err)
	}
	delete(got, "timestamp")
	return got
}

func TestALineCarriesItsMetrics(t *testing.T) {
	at := time.UnixMilli(1_750_000_000_123)
	attrs := append([]slog.Attr{telemetry.Stage("map"), telemetry.Tenant("t1"), telemetry.Flow("f1"), telemetry.Run("r1"),
		telemetry.Kind("orders"), telemetry.Took(1500 * time.Millisecond)},
		telemetry.Embed(at, "apicenter-dev", [][]string{{}, {"stage", "kind"}},
			telemetry.Metric{Name: telemetry.Messages, Unit: telemetry.Count, Value: 1},
			telemetry.Metric{Name: telemetry.MessageTime, Unit: telemetry.Milliseconds, Value: 1500})...)
	want := map[string]any{"level": "INFO", "text": "a message was handled", "stage": "map", "tenant": "t1", "flow": "f1", "run": "r1",
		"kind": "orders", "took_ms": 1500.0, "Messages": 1.0, "MessageTime": 1500.0,
		"_aws": map[string]any{"Timestamp": 1750000000123.0, "CloudWatchMetrics": []any{map[string]any{"Namespace": "apicenter-dev",
			"Dimensions": []any{[]any{}, []any{"stage", "kind"}},
			"Metrics": []any{map[string]any{"Name": "Messages", "Unit": "Count"},
				map[string]any{"Name": "MessageTime", "Unit": "Milliseconds"}}}}}}
	if diff := cmp.Diff(want, line(t, attrs...)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWithoutMetricsALineIsALine(t *testing.T) {
	if got := line(t, telemetry.Embed(time.UnixMilli(0), "n", nil)...); len(got) != 2 {
		t.Errorf("got %v, want level and text alone", got)
	}
}

func TestTally(t *testing.T) {
	ctx, tally := telemetry.Counting(t.Context())
	telemetry.TallyOf(ctx).Add(telemetry.RecordsSkipped, 2)
	telemetry.TallyOf(ctx).Add(telemetry.RecordsSkipped, 3)
	telemetry.TallyOf(ctx).Add(telemetry.RecordsFailed, 0)
	telemetry.TallyOf(ctx).AddOnce(telemetry.Paused, "t/a")
	telemetry.TallyOf(ctx).AddOnce(telemetry.Paused, "t/a")
	telemetry.TallyOf(ctx).AddOnce(telemetry.Paused, "t/b")
	telemetry.TallyOf(ctx).Longest(telemetry.DeliveryTime, -time.Second)
	telemetry.TallyOf(ctx).Longest(telemetry.DeliveryTime, 2*time.Second)
	telemetry.TallyOf(ctx).Longest(telemetry.DeliveryTime, time.Second)
	want := []telemetry.Metric{{Name: telemetry.DeliveryTime, Unit: telemetry.Milliseconds, Value: 2000},
		{Name: telemetry.Paused, Unit: telemetry.Count, Value: 2},
		{Name: telemetry.RecordsFailed, Unit: telemetry.Count, Value: 0},
		{Name: telemetry.RecordsSkipped, Unit: telemetry.Count, Value: 5}}
	if diff := cmp.Diff(want, tally.Metrics()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	telemetry.TallyOf(t.Context()).Add(telemetry.Messages, 1) // nobody counts: nothing happens
	telemetry.TallyOf(t.Context()).AddOnce(telemetry.Messages, "x")
	telemetry.TallyOf(t.Context()).Longest(telemetry.DeliveryTime, time.Second)
	if got := telemetry.TallyOf(t.Context()).Metrics(); got != nil {
		t.Errorf("got %v of no tally", got)
	}
}

func ExampleNewLog() {
	log := telemetry.NewLog(os.Stdout, slog.LevelWarn)
	log.Info("nobody wants to know")
	log.With(telemetry.Stage("map")).Debug("nor this")
	// Output:
}
