package dynamostore

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// item is a row of a table, an index entry, or the values of an expression.
type item = map[string]types.AttributeValue

// The key attributes of every table but the one of keys, which has no sk.
const (
	pk = "pk"
	sk = "sk"
)

func at(partition, sort string) item { return item{pk: text(partition), sk: text(sort)} }

// text is a string value. DynamoDB's strings are UTF-8, and the client would put other characters in place of bytes that are
// not; those are kept as bytes.
func text(s string) types.AttributeValue {
	if !utf8.ValidString(s) {
		return &types.AttributeValueMemberB{Value: []byte(s)}
	}
	return &types.AttributeValueMemberS{Value: s}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func data(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

func flag(b bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: b} }

// moment is a time as nanoseconds since 1970, 0 for none.
func moment(t time.Time) types.AttributeValue { return number(nanos(t)) }

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// timeToLive is when DynamoDB may delete a row: full seconds, not before the time itself.
func timeToLive(t time.Time) types.AttributeValue { return number(t.Add(time.Second - 1).Unix()) }

// sorted is a time as text that sorts like it.
func sorted(t time.Time) string {
	return fmt.Sprintf("%016x", uint64(nanos(t))^1<<63)
}

// longestPart bounds one part of a key. A sort key takes 1,024 bytes, and up to three parts from outside meet in one.
const longestPart = 255

// part makes a string fit to be joined with others by "#": no two strings give the same part. What is too long or not text
// is replaced by its hash; a real part never has "%%" in it.
func part(s string) string {
	out := strings.NewReplacer("%", "%25", "#", "%23").Replace(s)
	if len(out) <= longestPart && utf8.ValidString(out) {
		return out
	}
	sum := sha256.Sum256([]byte(s))
	return "%%" + hex.EncodeToString(sum[:])
}

// join makes one key of parts.
func join(parts ...string) string {
	for i := range parts {
		parts[i] = part(parts[i])
	}
	return strings.Join(parts, "#")
}

// shards is over how many partitions what would be too much for one is spread: lists over all tenants, and a tenant's
// failures, which are parked faster than one partition takes them when a connection stops. A list reads all shards, so there
// are few.
const shards = 4

// shardOf is the shard of a key.
func shardOf(parts ...string) int {
	h := fnv.New32a()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return int(h.Sum32() % shards)
}

// newToken tells one write from all others, so that its own repeat is recognised.
func newToken() string { return rand.Text() }

// newRevision is a revision that is a token as well. It stays below 2^53, so that it survives any JSON, and is never 0.
func newRevision() int64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return int64(binary.BigEndian.Uint64(b[:])>>11) | 1
}

// reader reads attributes of a row. An absent one is zero; one of another type is an error, kept until the end.
type reader struct {
	row item
	err error
}

func attribute[T types.AttributeValue](r *reader, name string) (value T, found bool) {
	a, found := r.row[name]
	if !found {
		return value, false
	}
	value, ok := a.(T)
	if !ok && r.err == nil {
		r.err = fmt.Errorf("the stored attribute %q cannot be read: it is a %T", name, a)
	}
	return value, ok
}

func (r *reader) text(name string) string {
	if b, bytes := r.row[name].(*types.AttributeValueMemberB); bytes {
		return string(b.Value)
	}
	if a, ok := attribute[*types.AttributeValueMemberS](r, name); ok {
		return a.Value
	}
	return ""
}

func (r *reader) number(name string) int64 {
	a, ok := attribute[*types.AttributeValueMemberN](r, name)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(a.Value, 10, 64)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("the stored attribute %q cannot be read: it is no whole number", name)
	}
	return n
}

// mostStored is more than any row has parts.
const mostStored = 10_000

// parts is over how many rows a payload is spread beside its own. Whatever is stored, it is neither negative nor huge.
func (r *reader) parts() int {
	n := r.number("parts")
	if n >= 0 && n <= mostStored {
		return int(n)
	}
	if r.err == nil {
		r.err = fmt.Errorf("the stored attribute %q cannot be read: it is %d", "parts", n)
	}
	return 0
}

func (r *reader) moment(name string) time.Time { return instant(r.number(name)) }

func (r *reader) data(name string) []byte {
	if a, ok := attribute[*types.AttributeValueMemberB](r, name); ok {
		return a.Value
	}
	return nil
}

func (r *reader) flag(name string) bool {
	a, ok := attribute[*types.AttributeValueMemberBOOL](r, name)
	return ok && a.Value
}

// document reads a value kept as JSON; an absent one leaves v as it is.
func (r *reader) document(name string, v any) {
	if s := r.text(name); s != "" && r.err == nil {
		if err := json.Unmarshal([]byte(s), v); err != nil {
			r.err = fmt.Errorf("the stored attribute %q cannot be read: %w", name, err)
		}
	}
}

func (r *reader) problem(name string) (problem *fault.Error) {
	r.document(name, &problem)
	return problem
}

func (r *reader) version() model.Version {
	return model.Version{Marker: r.number("marker"), Read: r.moment("read")}
}

// document is a value kept as JSON.
func document(v any) (types.AttributeValue, error) {
	out, err := json.Marshal(v)
	return &types.AttributeValueMemberS{Value: string(out)}, err
}

// set puts values that say something into a row: zeros cost room and are what an absent attribute reads as.
func set(row item, values item) item {
	for name, value := range values {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			if v.Value == "" {
				continue
			}
		case *types.AttributeValueMemberN:
			if v.Value == "0" {
				continue
			}
		case *types.AttributeValueMemberB:
			if len(v.Value) == 0 {
				continue
			}
		case *types.AttributeValueMemberBOOL:
			if !v.Value {
				continue
			}
		}
		row[name] = value
	}
	return row
}

// unsorted undoes sorted.
func unsorted(s string) (time.Time, error) {
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("the stored time %q cannot be read", s)
	}
	return instant(int64(n ^ 1<<63)), nil
}

// wholePayload is the largest payload that lies in one row; it leaves room for the row's other attributes.
const wholePayload = 340 << 10

// pieces cuts a payload into what rows take, at least one.
func pieces(payload []byte) (list [][]byte) {
	for len(payload) > wholePayload {
		list = append(list, payload[:wholePayload])
		payload = payload[wholePayload:]
	}
	return append(list, payload)
}
