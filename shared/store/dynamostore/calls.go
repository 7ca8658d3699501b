package dynamostore

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// names are the attribute names of expressions, in which every name stands as "#name": many a good name is a reserved word.
func names(expressions ...string) map[string]string {
	found := map[string]string{}
	for _, e := range expressions {
		for {
			_, rest, ok := strings.Cut(e, "#")
			if !ok {
				break
			}
			end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
			if end < 0 {
				end = len(rest)
			}
			found["#"+rest[:end]] = rest[:end]
			e = rest[end:]
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// get reads a row, strongly consistent; nil when there is none.
func (s *Store) get(ctx context.Context, table string, key item) (item, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
	if err != nil {
		return nil, failure(ctx, "reading", table, err)
	}
	s.read("GetItem", table, 1, told(out.ConsumedCapacity)...)
	return out.Item, nil
}

// put writes a whole row if the condition holds; an empty one always does. When it does not, done is false and stood is the
// row that stands there, nil for none.
func (s *Store) put(ctx context.Context, table string, row item, condition string, values item) (stood item, done bool, err error) {
	if err := fits(row); err != nil {
		return nil, false, err
	}
	in := &dynamodb.PutItemInput{TableName: &table, Item: row, ConditionExpression: optional(condition),
		ExpressionAttributeNames: names(condition), ExpressionAttributeValues: values,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes}
	if condition != "" {
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	out, err := s.client.PutItem(ctx, in)
	if err != nil {
		return s.refused(ctx, table, row, err)
	}
	s.write("PutItem", table, told(out.ConsumedCapacity)...)
	return nil, true, nil
}

// update changes a row if the condition holds and returns it as it is then. When it does not hold, done is false and row is
// what stands there, nil for none.
func (s *Store) update(ctx context.Context, table string, key item, change, condition string, values item) (row item, done bool, err error) {
	if err := fits(values); err != nil {
		return nil, false, err
	}
	in := &dynamodb.UpdateItemInput{TableName: &table, Key: key, UpdateExpression: &change, ConditionExpression: optional(condition),
		ExpressionAttributeNames: names(change, condition), ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes}
	if condition != "" {
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	out, err := s.client.UpdateItem(ctx, in)
	if err != nil {
		return s.refused(ctx, table, nil, err)
	}
	s.write("UpdateItem", table, told(out.ConsumedCapacity)...)
	return out.Attributes, true, nil
}

// remove deletes a row if the condition holds. When it does not, done is false and stood is what stands there, nil for none.
func (s *Store) remove(ctx context.Context, table string, key item, condition string, values item) (stood item, done bool, err error) {
	out, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: key, ConditionExpression: &condition,
		ExpressionAttributeNames: names(condition), ExpressionAttributeValues: values,
		ReturnConsumedCapacity:              types.ReturnConsumedCapacityIndexes,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	if err != nil {
		return s.refused(ctx, table, nil, err)
	}
	s.write("DeleteItem", table, told(out.ConsumedCapacity)...)
	return nil, true, nil
}

// refused tells a condition that did not hold from a call that failed. The answer names no units, but they are billed: one
// for every KB of the larger of what stood there and what was to be written.
func (s *Store) refused(ctx context.Context, table string, row item, err error) (stood item, done bool, _ error) {
	var condition *types.ConditionalCheckFailedException
	if !errors.As(err, &condition) {
		return nil, false, failure(ctx, "writing", table, err)
	}
	s.write("refused", table, counting(writeUnits(row, condition.Item)))
	return condition.Item, false, nil
}

// wrote reports that the row that refused a write was left there by that write.
func wrote(stood item, token string) bool {
	r := reader{row: stood}
	return r.text("token") == token
}

// search is a query of one partition.
type search struct {
	table, index string
	where        string // condition on the keys
	filter       string // condition on the rows found
	only         string // the attributes wanted, all when empty
	values       item
	backward     bool
	lagging      bool // a global index, or where older rows do as well
	limit        int  // rows looked at per page, before the filter; 0 for as many as fit
}

// each calls take for row after row until it wants no more.
func (q search) each(ctx context.Context, s *Store, take func(row item) (more bool, err error)) error {
	in := &dynamodb.QueryInput{TableName: &q.table, IndexName: optional(q.index), KeyConditionExpression: &q.where,
		FilterExpression: optional(q.filter), ProjectionExpression: optional(q.only),
		ExpressionAttributeNames: names(q.where, q.filter, q.only), ExpressionAttributeValues: q.values,
		ScanIndexForward: aws.Bool(!q.backward), ConsistentRead: aws.Bool(!q.lagging),
		ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes}
	if q.limit > 0 {
		in.Limit = aws.Int32(int32(min(q.limit, 1<<20)))
	}
	for {
		out, err := s.client.Query(ctx, in)
		if err != nil {
			return failure(ctx, "listing", q.table, err)
		}
		s.read("Query", q.table, readsOf(1, q.lagging), told(out.ConsumedCapacity)...)
		for _, row := range out.Items {
			if more, err := take(row); err != nil || !more {
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// all returns every row of a query.
func (q search) all(ctx context.Context, s *Store) (rows []item, err error) {
	err = q.each(ctx, s, func(row item) (bool, error) { rows = append(rows, row); return true, nil })
	return rows, err
}

// transact writes all or nothing. A condition that did not hold is told by the reasons, in the order of the writes; they are
// nil when all was written. It costs double, so it is for writes that must not come apart. A transaction that met another is
// tried again: it was done by nobody then. Each try has a token of its own, by which DynamoDB knows the client's repeats.
func (s *Store) transact(ctx context.Context, writes []types.TransactWriteItem) (reasons []types.CancellationReason, err error) {
	for _, w := range writes {
		if err := fits(writtenBy(w)); err != nil {
			return nil, err
		}
	}
	for attempt := 0; ; attempt++ {
		out, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes,
			ClientRequestToken: aws.String(newToken()), ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
		if err == nil {
			s.transaction(writes, out.ConsumedCapacity)
			return nil, nil
		}
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) {
			return nil, failure(ctx, "writing", tableOf(writes), err)
		}
		s.cancelled(writes, cancelled.CancellationReasons)
		for _, r := range cancelled.CancellationReasons {
			if aws.ToString(r.Code) == codeCondition {
				return cancelled.CancellationReasons, nil
			}
		}
		if attempt+1 >= tries || !passing(cancelled.CancellationReasons) {
			return nil, failure(ctx, "writing", tableOf(writes), err)
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
	}
}

// failedOn reports that a transaction's write was one whose condition did not hold.
func failedOn(reasons []types.CancellationReason, write int) bool {
	return write >= 0 && write < len(reasons) && aws.ToString(reasons[write].Code) == codeCondition
}

// writtenBy is what a transaction's write puts, or the values it changes a row by.
func writtenBy(w types.TransactWriteItem) item {
	switch {
	case w.Put != nil:
		return w.Put.Item
	case w.Update != nil:
		return w.Update.ExpressionAttributeValues
	}
	return nil
}

func tableOf(writes []types.TransactWriteItem) string {
	for _, w := range writes {
		switch {
		case w.Put != nil:
			return aws.ToString(w.Put.TableName)
		case w.Update != nil:
			return aws.ToString(w.Update.TableName)
		case w.Delete != nil:
			return aws.ToString(w.Delete.TableName)
		}
	}
	return ""
}

// The writes of a transaction.

func putting(table string, row item, condition string, values item) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: row, ConditionExpression: optional(condition),
		ExpressionAttributeNames: names(condition), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}}
}

func changing(table string, key item, change, condition string, values item) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{TableName: &table, Key: key, UpdateExpression: &change,
		ConditionExpression: optional(condition), ExpressionAttributeNames: names(change, condition), ExpressionAttributeValues: values}}
}

func removing(table string, key item, condition string, values item) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{TableName: &table, Key: key, ConditionExpression: optional(condition),
		ExpressionAttributeNames: names(condition), ExpressionAttributeValues: values}}
}
