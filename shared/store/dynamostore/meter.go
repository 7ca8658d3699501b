package dynamostore

import (
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Counts is what the store asked of DynamoDB, in the units that are billed.
type Counts struct {
	Requests   int64
	ReadUnits  float64
	WriteUnits float64
}

// Use is what units were used for: an operation on a table, or the part of it that was an index's.
type Use struct {
	Operation string
	Table     string // the field of Tables
	Index     string // empty for the table itself, where the request is counted
}

// Counts returns what was used since the store was opened. Repeats inside the client count as one request.
func (s *Store) Counts() Counts {
	var sum Counts
	for _, c := range s.Usage() {
		sum.Requests += c.Requests
		sum.ReadUnits += c.ReadUnits
		sum.WriteUnits += c.WriteUnits
	}
	return sum
}

// Usage returns the same as Counts, by what it was used for.
func (s *Store) Usage() map[Use]Counts {
	s.used.mu.Lock()
	defer s.used.mu.Unlock()
	return maps.Clone(s.used.by)
}

type meter struct {
	mu sync.Mutex
	by map[Use]Counts
}

// read notes one request that was answered and reads at least so many units: DynamoDB bills rows that are not there as well,
// and DynamoDB Local does not report those of batches and queries.
func (s *Store) read(operation, table string, least float64, consumed ...types.ConsumedCapacity) {
	s.note(Use{Operation: operation, Table: s.fields[table]}, func(c *Counts, units float64) { c.ReadUnits += units }, least, consumed)
}

// write notes one request that was answered.
func (s *Store) write(operation, table string, consumed ...types.ConsumedCapacity) {
	s.writes(operation, table, 0, consumed)
}

func (s *Store) writes(operation, table string, least float64, consumed []types.ConsumedCapacity) {
	s.note(Use{Operation: operation, Table: s.fields[table]}, func(c *Counts, units float64) { c.WriteUnits += units }, least, consumed)
}

func (s *Store) note(u Use, add func(c *Counts, units float64), least float64, consumed []types.ConsumedCapacity) {
	s.used.mu.Lock()
	defer s.used.mu.Unlock()
	if s.used.by == nil {
		s.used.by = map[Use]Counts{}
	}
	change := func(u Use, requests int64, units float64) {
		c := s.used.by[u]
		c.Requests += requests
		add(&c, units)
		s.used.by[u] = c
	}
	change(u, 1, 0)
	for _, c := range consumed {
		own := aws.ToFloat64(c.CapacityUnits)
		least -= own
		for _, indexes := range []map[string]types.Capacity{c.LocalSecondaryIndexes, c.GlobalSecondaryIndexes} {
			for name, i := range indexes {
				units := aws.ToFloat64(i.CapacityUnits)
				own -= units
				change(Use{Operation: u.Operation, Table: u.Table, Index: name}, 0, units)
			}
		}
		change(u, 0, own)
	}
	change(u, 0, max(least, 0)) // what was billed and not reported
}

// told is the capacity of an answer that tells of one table, nothing when it tells of none.
func told(c *types.ConsumedCapacity) []types.ConsumedCapacity {
	if c == nil {
		return nil
	}
	return []types.ConsumedCapacity{*c}
}

// counting is the capacity of an answer that told of none.
func counting(units int64) types.ConsumedCapacity {
	return types.ConsumedCapacity{CapacityUnits: aws.Float64(float64(units))}
}

// readsOf is the least that reading so many rows is billed as.
func readsOf(rows int, lagging bool) float64 {
	if lagging {
		return float64(rows) / 2
	}
	return float64(rows)
}

// transaction notes one that was done. Each row is billed as two writes, of which DynamoDB Local at times reports fewer; to
// them comes what the indexes took.
func (s *Store) transaction(writes []types.TransactWriteItem, consumed []types.ConsumedCapacity) {
	least := int64(0)
	for _, w := range writes {
		least += 2 * writeUnits(rowPut(w))
	}
	indexes := float64(0)
	for _, c := range consumed {
		for _, list := range []map[string]types.Capacity{c.LocalSecondaryIndexes, c.GlobalSecondaryIndexes} {
			for _, i := range list {
				indexes += aws.ToFloat64(i.CapacityUnits)
			}
		}
	}
	s.writes("TransactWriteItems", tableOf(writes), float64(least)+indexes, consumed)
}

// cancelled notes a transaction that was not done, which is billed as well, and of which the answer names no units.
func (s *Store) cancelled(writes []types.TransactWriteItem, reasons []types.CancellationReason) {
	units := int64(0)
	for i, w := range writes {
		var stood item
		if i < len(reasons) {
			stood = reasons[i].Item
		}
		units += 2 * writeUnits(rowPut(w), stood)
	}
	s.write("TransactWriteItems", tableOf(writes), counting(units))
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
