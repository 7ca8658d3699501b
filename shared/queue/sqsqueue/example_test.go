package sqsqueue_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"apicenter/shared/queue"
	"apicenter/shared/queue/sqsqueue"
)

// A function opens the queues it uses and sends; Lambda receives for it.
func Example() {
	ctx := context.Background()
	client := sqs.NewFromConfig(aws.Config{Region: "eu-west-1"}, sqsqueue.Configure)
	q, err := sqsqueue.Open(ctx, client, sqsqueue.Options{
		URLs: map[queue.Name]string{queue.Send: "https://sqs.eu-west-1.amazonaws.com/111122223333/apicenter-send.fifo"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = q.Send(ctx, queue.Send, []queue.Message{{Body: []byte("an order"), Group: "connection-1", Dedup: "hop-1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", q.Usage())
}
