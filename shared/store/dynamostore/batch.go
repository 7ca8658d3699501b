package dynamostore

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The most rows of one batch call.
const (
	readsAtOnce   = 100
	deletesAtOnce = 25
)

// tries bounds how often what a batch left undone, or a transaction that met another, is asked for again.
const tries = 8

// place is the key of a row, as a map's key.
type place struct{ partition, sort string }

func placeOf(row item) place {
	r := reader{row: row}
	return place{r.text(pk), r.text(sk)}
}

// getMany reads rows by their keys, in batches; a key may be there more than once. Rows that do not exist are absent.
func (s *Store) getMany(ctx context.Context, table string, keys []item, lagging bool) (map[place]item, error) {
	found := make(map[place]item, len(keys))
	var once []item
	for _, key := range keys { // DynamoDB refuses a key that is there twice
		if _, known := found[placeOf(key)]; !known {
			found[placeOf(key)] = nil
			once = append(once, key)
		}
	}
	var mu sync.Mutex
	err := inBatches(ctx, once, readsAtOnce, func(ctx context.Context, keys []item) error {
		return s.getBatch(ctx, table, types.KeysAndAttributes{Keys: keys, ConsistentRead: aws.Bool(!lagging)}, func(row item) {
			mu.Lock()
			defer mu.Unlock()
			found[placeOf(row)] = row
		})
	})
	return found, err
}

// getBatch reads until nothing is left: a reply holds 16 MB at most, and less when a partition is busy.
func (s *Store) getBatch(ctx context.Context, table string, left types.KeysAndAttributes, take func(row item)) error {
	for attempt := 0; ; attempt++ {
		out, err := s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{table: left},
			ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
		if err != nil {
			return failure(ctx, "reading", table, err)
		}
		more := out.UnprocessedKeys[table].Keys
		s.read("BatchGetItem", table, readsOf(len(left.Keys)-len(more), !aws.ToBool(left.ConsistentRead)), out.ConsumedCapacity...)
		for _, row := range out.Responses[table] {
			take(row)
		}
		if len(more) == 0 {
			return nil
		}
		if len(more) < len(left.Keys) {
			attempt = 0 // it goes on, only in several replies
		} else if attempt+1 >= tries {
			return busy("reading", table, nil)
		}
		left.Keys = more // and as consistent as before
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// removeMany deletes rows by their keys, in batches. Rows that do not exist are no error.
func (s *Store) removeMany(ctx context.Context, table string, keys []item) error {
	known := make(map[place]bool, len(keys))
	var once []types.WriteRequest
	for _, key := range keys {
		if !known[placeOf(key)] {
			known[placeOf(key)] = true
			once = append(once, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key}})
		}
	}
	return inBatches(ctx, once, deletesAtOnce, func(ctx context.Context, left []types.WriteRequest) error {
		for attempt := 0; ; attempt++ {
			out, err := s.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: left},
				ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
			if err != nil {
				return failure(ctx, "deleting", table, err)
			}
			s.write("BatchWriteItem", table, out.ConsumedCapacity...)
			more := out.UnprocessedItems[table]
			if len(more) == 0 {
				return nil
			}
			if len(more) < len(left) {
				attempt = 0
			} else if attempt+1 >= tries {
				return busy("deleting", table, nil)
			}
			left = more
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
	})
}

// inBatches calls do for pieces of a list, some at the same time.
func inBatches[T any](ctx context.Context, list []T, most int, do func(ctx context.Context, piece []T) error) error {
	if len(list) == 0 {
		return nil
	}
	return each(ctx, (len(list)+most-1)/most, func(ctx context.Context, i int) error {
		return do(ctx, list[i*most:min((i+1)*most, len(list))])
	})
}
