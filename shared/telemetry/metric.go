package telemetry

import (
	"log/slog"
	"time"
)

// Metric is one figure. All of ours are counts or milliseconds.
type Metric struct {
	Name  string
	Unit  Unit
	Value int64
}

// Unit is a metric's unit, in CloudWatch's spelling.
type Unit string

// The units.
const (
	Count        Unit = "Count"
	Milliseconds Unit = "Milliseconds"
)

// The metrics. Alarms and dashboards are made of these names.
const (
	Messages         = "Messages"         // messages handled
	MessagesReturned = "MessagesReturned" // messages that have to come again
	MessageTime      = "MessageTime"      // how long one took
	DeliveryTime     = "DeliveryTime"     // from the change at the source to the target, the slowest record of a message
	RecordsDelivered = "RecordsDelivered"
	RecordsSkipped   = "RecordsSkipped"
	RecordsRejected  = "RecordsRejected"
	RecordsFailed    = "RecordsFailed"
	RecordsPending   = "RecordsPending"
	RunsFailed       = "RunsFailed"        // runs that could not read to the end
	IncidentsOpened  = "IncidentsOpened"   // problems an owner has to be told
	FlowsDue         = "FlowsDue"          // fetches a tick queued
	Paused           = "PausedConnections" // connections that wait for their owner, at a tick
)

// embedded is the part of a line by which CloudWatch knows that it holds metrics.
type embedded struct {
	Timestamp int64       `json:"Timestamp"`
	Metrics   []directive `json:"CloudWatchMetrics"`
}

type directive struct {
	Namespace  string     `json:"Namespace"`
	Dimensions [][]string `json:"Dimensions"`
	Metrics    []name     `json:"Metrics"`
}

type name struct {
	Name string `json:"Name"`
	Unit Unit   `json:"Unit"`
}

// Embed returns the attributes that make a line carry metrics. They are summed up once for each set of dimensions, whose
// values the line has to name as attributes of the same keys; the empty set sums up everything. Without metrics it returns
// none: CloudWatch refuses an empty list.
func Embed(at time.Time, namespace string, sets [][]string, metrics ...Metric) []slog.Attr {
	if len(metrics) == 0 {
		return nil
	}
	d := directive{Namespace: namespace, Dimensions: sets}
	out := make([]slog.Attr, 0, len(metrics)+1)
	for _, m := range metrics {
		d.Metrics = append(d.Metrics, name{Name: m.Name, Unit: m.Unit})
		out = append(out, slog.Int64(m.Name, m.Value))
	}
	return append(out, slog.Any("_aws", embedded{Timestamp: at.UnixMilli(), Metrics: []directive{d}}))
}
