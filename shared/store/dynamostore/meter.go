package dynamostore

import (
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Counts is what the store asked of DynamoDB, in the units that are billed.
type Counts struct {
	Requests   int64
	ReadUnits  float64
	WriteUnits float64
}

// Counts returns what was used since the store was opened. Repeats inside the client count as one request.
func (s *Store) Counts() Counts {
	return Counts{Requests: s.used.requests.Load(), ReadUnits: float64(s.used.reads.Load()) / 2, WriteUnits: float64(s.used.writes.Load()) / 2}
}

// meter counts units in halves, of which every figure is a multiple.
type meter struct{ requests, reads, writes atomic.Int64 }

func halves(units *float64) int64 { return int64(aws.ToFloat64(units)*2 + 0.5) }

// read counts a call that reads at least so many units: DynamoDB bills rows that are not there as well, and DynamoDB Local
// does not report those of batches and queries.
func (m *meter) read(least float64, reported ...*types.ConsumedCapacity) {
	m.requests.Add(1)
	sum := int64(0)
	for _, c := range reported {
		if c != nil {
			sum += halves(c.CapacityUnits)
		}
	}
	m.reads.Add(max(sum, halves(&least)))
}

// readsOf is the least that reading so many rows is billed as.
func readsOf(rows int, lagging bool) float64 {
	if lagging {
		return float64(rows) / 2
	}
	return float64(rows)
}

func (m *meter) write(c *types.ConsumedCapacity) {
	m.requests.Add(1)
	if c != nil {
		m.writes.Add(halves(c.CapacityUnits))
	}
}

// transaction counts one that was done. Each row is billed as two writes, of which DynamoDB Local at times reports fewer; to
// them comes what the indexes took.
func (m *meter) transaction(writes []types.TransactWriteItem, reported []types.ConsumedCapacity) {
	m.requests.Add(1)
	rows, indexes, sum := int64(0), int64(0), int64(0)
	for _, w := range writes {
		rows += 2 * 2 * writeUnits(rowPut(w))
	}
	for _, c := range reported {
		sum += halves(c.CapacityUnits)
		for _, index := range c.LocalSecondaryIndexes {
			indexes += halves(index.CapacityUnits)
		}
		for _, index := range c.GlobalSecondaryIndexes {
			indexes += halves(index.CapacityUnits)
		}
	}
	m.writes.Add(max(sum, rows+indexes))
}

// cancelled counts a transaction that was not done, which is billed as well, and of which the answer names no units.
func (m *meter) cancelled(writes []types.TransactWriteItem, reasons []types.CancellationReason) {
	m.requests.Add(1)
	for i, w := range writes {
		var stood item
		if i < len(reasons) {
			stood = reasons[i].Item
		}
		m.writes.Add(2 * 2 * writeUnits(rowPut(w), stood))
	}
}

func rowPut(w types.TransactWriteItem) item {
	if w.Put == nil {
		return nil // how large the row is that it changes is not known
	}
	return w.Put.Item
}

// writeUnits is one for every KB begun of the largest of the rows, and one at least.
func writeUnits(rows ...item) int64 {
	largest := 1
	for _, row := range rows {
		largest = max(largest, size(row))
	}
	return int64(largest+1023) / 1024
}
