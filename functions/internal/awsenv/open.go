package awsenv

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"apicenter/shared/message"
	"apicenter/shared/queue"
	"apicenter/shared/queue/sqsqueue"
	"apicenter/shared/secret"
	"apicenter/shared/secret/kmssecret"
	"apicenter/shared/store"
	"apicenter/shared/store/dynamostore"
)

// Uses is what a function has to do with. What is not named here has no address for it, and no right in the template.
type Uses struct {
	Tables []Table
	// Queues are those it sends to, looks at, or whose messages it puts off.
	Queues []queue.Name
	// DeadLetters are those of Queues whose dead-letter queue it fills or counts.
	DeadLetters []queue.Name
}

// Table names a table of the store. That of keys belongs to every function: all of them seal.
type Table string

// The tables, by the variables that hold their names.
const (
	Config   Table = "CONFIG_TABLE"
	Ledger   Table = "LEDGER_TABLE"
	Activity Table = "ACTIVITY_TABLE"
	Failures Table = "FAILURES_TABLE"
	keys     Table = "KEYS_TABLE"
)

// adapters are what the function was given.
type adapters struct {
	store store.Store
	queue queue.Queue
	vault *secret.Vault
	codec *message.Codec
}

// Use opens what the function uses. Mains call it first.
func (e *Env) Use(u Uses) {
	config := e.aws()
	names := dynamostore.Tables{Keys: e.need(string(keys))}
	for _, t := range u.Tables {
		switch name := e.need(string(t)); t {
		case Config:
			names.Config = name
		case Ledger:
			names.Ledger = name
		case Activity:
			names.Activity = name
		case Failures:
			names.Failures = name
		default:
			e.lack(fmt.Errorf("there is no table %s", t))
		}
	}
	tables := dynamostore.Open(dynamodb.NewFromConfig(config, dynamostore.Options), names, e.world.Now)
	e.store = counted{Store: tables}

	options := sqsqueue.Options{URLs: map[queue.Name]string{}, DeadLetters: map[queue.Name]string{}}
	for _, q := range u.Queues {
		options.URLs[q] = e.need("QUEUE_" + variable(q))
	}
	for _, q := range u.DeadLetters {
		options.DeadLetters[q] = e.need("DEAD_" + variable(q))
	}
	master := e.need("MASTER_KEY")
	if len(e.missing) > 0 {
		return // what is opened without its address complains once more, and less clearly
	}
	var err error
	if e.queue, err = sqsqueue.Open(context.Background(), sqs.NewFromConfig(config, sqsqueue.Configure), options); err != nil {
		e.lack(err)
	}
	e.vault = secret.NewVault(tables, kmssecret.Open(kms.NewFromConfig(config), master), e.world.Now)
	if e.codec, err = message.NewCodec(e.vault); err != nil {
		e.lack(err)
	}
}

// variable is a queue's name as it stands in names of variables: send.fifo is SEND, fetch-orders FETCH_ORDERS.
func variable(q queue.Name) string {
	return strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(string(q), ".fifo"), "-", "_"))
}

// Store is the tables. Stages take the ports of it that they use.
func (e *Env) Store() store.Store { return e.store }

// Queue is the queues named to Use.
func (e *Env) Queue() queue.Queue { return e.queue }

// Vault seals and opens with the tenants' keys.
func (e *Env) Vault() *secret.Vault { return e.vault }

// Codec packs and unpacks messages.
func (e *Env) Codec() *message.Codec { return e.codec }
