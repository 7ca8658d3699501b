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

func (m *meter) read(c *types.ConsumedCapacity) {
	m.requests.Add(1)
	if c != nil {
		m.reads.Add(halves(c.CapacityUnits))
	}
}

func (m *meter) write(c *types.ConsumedCapacity) {
	m.requests.Add(1)
	if c != nil {
		m.writes.Add(halves(c.CapacityUnits))
	}
}
