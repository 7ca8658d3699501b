package sqsqueue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"apicenter/shared/fault"
	"apicenter/shared/message"
	"apicenter/shared/queue"
	"apicenter/shared/queue/queuetest"
)

// Promise 1: a message that is buried is never in neither queue.
func TestBurialSendsBeforeItDeletes(t *testing.T) {
	broken := errors.New("the line went dead")
	for name, c := range map[string]struct {
		send, remove error
		want         []string
	}{
		"all well":       {nil, nil, []string{"send", "delete"}},
		"not sent":       {broken, nil, []string{"send"}},
		"sent, not gone": {nil, broken, []string{"send", "delete"}},
	} {
		t.Run(name, func(t *testing.T) {
			var did []string
			q, _ := over(t, &fake{
				send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
					did = append(did, "send")
					if *in.QueueUrl != sendDeadURL || *in.Entries[0].MessageDeduplicationId != "id" || *in.Entries[0].MessageGroupId != "id" {
						t.Errorf("got it sent to %s with deduplication id %s, want the dead-letter queue and the message's own id", *in.QueueUrl, *in.Entries[0].MessageDeduplicationId)
					}
					return takes(in, "", false), c.send
				},
				remove: func(_ context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
					did = append(did, "delete")
					if *in.QueueUrl != sendURL || *in.Entries[0].ReceiptHandle != "receipt" {
						t.Errorf("got %s of %s deleted", *in.Entries[0].ReceiptHandle, *in.QueueUrl)
					}
					return &sqs.DeleteMessageBatchOutput{Successful: []types.DeleteMessageBatchResultEntry{{Id: in.Entries[0].Id}}}, c.remove
				},
			})
			d := queue.Delivery{Queue: queue.Send, ID: "id", Receipt: "receipt", Group: "lane", Body: []byte("body")}
			err := q.Bury(t.Context(), d, "why")
			if wanted := errors.Join(c.send, c.remove); (err != nil) != (wanted != nil) || wanted != nil && !errors.Is(err, broken) {
				t.Errorf("got error %v, want %v", err, wanted)
			}
			if !slices.Equal(did, c.want) {
				t.Errorf("got %v, want %v", did, c.want)
			}
		})
	}
}

func TestBurialNeedsWhatARedriveNeeds(t *testing.T) {
	q, _ := over(t, &fake{}) // a request would panic
	whole := queue.Delivery{Queue: queue.Send, ID: "id", Receipt: "receipt", Group: "lane", Body: []byte("body")}
	for name, take := range map[string]func(d *queue.Delivery){
		"id": func(d *queue.Delivery) { d.ID = "" }, "group": func(d *queue.Delivery) { d.Group = "" },
		"body": func(d *queue.Delivery) { d.Body = nil }, "sense": func(d *queue.Delivery) { d.Body = make([]byte, message.Limit+1) },
	} {
		d := whole
		take(&d)
		if err := q.Bury(t.Context(), d, "why"); fault.ClassOf(err) != fault.Bug {
			t.Errorf("buried without %s: got %v, want an error of class bug", name, err)
		}
	}
}

// letter is a dead letter as the fake gives it.
func letter(id string) types.Message {
	return types.Message{MessageId: aws.String(id), ReceiptHandle: aws.String("receipt of " + id), Body: aws.String("Ym9keQ==")}
}

func shows(given *[]string) func(context.Context, *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	return func(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
		out := &sqs.ChangeMessageVisibilityBatchOutput{}
		for _, e := range in.Entries {
			if e.VisibilityTimeout == 0 && *in.QueueUrl == mapDeadURL {
				*given = append(*given, *e.ReceiptHandle)
			}
			out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
		}
		return out, nil
	}
}

func TestListingThatBreaksOffGivesBack(t *testing.T) {
	broken, asked := errors.New("the line went dead"), 0
	var given []string
	q, _ := over(t, &fake{show: shows(&given), receive: func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
		if asked++; asked == 2 {
			return nil, broken
		}
		return &sqs.ReceiveMessageOutput{Messages: []types.Message{letter("1"), letter("2")}}, nil
	}})
	if got, err := q.Buried(t.Context(), queue.Map, 100); !errors.Is(err, broken) || len(got) != 0 {
		t.Errorf("got %d letters and %v, want none and the error", len(got), err)
	}
	if want := []string{"receipt of 1", "receipt of 2"}; !slices.Equal(given, want) {
		t.Errorf("got %v given back, want %v", given, want)
	}
}

// Promise 1: a dead letter is removed when its queue has it, and not before.
func TestRedriveRemovesOnlyWhatItSent(t *testing.T) {
	broken := errors.New("the line went dead")
	var given, ids []string
	removed, failing := 0, true
	q, _ := over(t, &fake{
		show: shows(&given),
		receive: func(_ context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
			if *in.QueueUrl != mapDeadURL || in.MaxNumberOfMessages > 2 {
				t.Errorf("got %d received from %s, want at most 2 dead letters", in.MaxNumberOfMessages, *in.QueueUrl)
			}
			return &sqs.ReceiveMessageOutput{Messages: []types.Message{letter("1"), letter("2")}[:in.MaxNumberOfMessages]}, nil
		},
		send: func(_ context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
			for _, e := range in.Entries {
				ids = append(ids, text(e))
			}
			if failing {
				return nil, broken
			}
			return takes(in, "", false), nil
		},
		remove: func(_ context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
			removed += len(in.Entries)
			return nil, broken
		},
	})
	if n, err := q.Redrive(t.Context(), queue.Map, 2); n != 0 || !errors.Is(err, broken) || removed != 0 || len(given) != 2 {
		t.Errorf("when sending fails: got %d redriven, error %v, %d removed, %d given back, want none removed and 2 given back", n, err, removed, len(given))
	}
	failing, given = false, nil
	if n, err := q.Redrive(t.Context(), queue.Map, 2); n != 2 || !errors.Is(err, broken) || removed != 2 {
		t.Errorf("when removing fails: got %d redriven, error %v, %d removed, want 2 and the error", n, err, removed)
	}
}

// Ten of a group are all one can receive of a FIFO queue; an operator wants to see more of a lane's dead letters.
func TestAllDeadLettersOfALaneAreListed(t *testing.T) {
	t.Parallel()
	const all = 12
	q := open(t, nil)
	for i := range all {
		send(t, q, queue.Send, queue.Message{Body: fmt.Appendf(nil, "letter %02d", i), Group: "lane ż", Dedup: fmt.Sprint(i)})
		d := receive(t, q, queue.Send)
		if err := q.Bury(t.Context(), d, "the target says \x00 no"); err != nil {
			t.Fatal(err)
		}
		if err := q.Bury(t.Context(), d, "once more, as after a crash"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := q.Buried(t.Context(), queue.Send, 100)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != all {
		t.Fatalf("got %d dead letters, want %d", len(got), all)
	}
	for i, d := range got {
		if string(d.Body) != fmt.Sprintf("letter %02d", i) || d.Group != "lane ż" || d.Receives != 1 || d.Receipt != "" || d.ID == "" || d.Sent.IsZero() {
			t.Errorf("dead letter %d: got %+v, want it as it was delivered, oldest first", i, d)
		}
	}
	if n, err := q.Redrive(t.Context(), queue.Send, 100); n != all || err != nil {
		t.Errorf("got %d redriven and %v, want %d", n, err, all)
	}
	for i := range all {
		d := receive(t, q, queue.Send)
		if string(d.Body) != fmt.Sprintf("letter %02d", i) || d.Group != "lane ż" {
			t.Errorf("after the redrive, message %d: got %q of %q, want the lane in its old order", i, d.Body, d.Group)
		}
		if err := q.Delete(t.Context(), []queue.Delivery{d}); err != nil {
			t.Fatal(err)
		}
	}
}

// The largest body has room for what a burial adds to it.
func TestLargestMessageCanBeBuried(t *testing.T) {
	t.Parallel()
	q := open(t, queuetest.Options{RealTime: true}.Settings)
	body := bytes.Repeat([]byte{0xab}, message.Limit)
	for _, name := range []queue.Name{queue.Map, queue.Send} {
		group := strings.Repeat("g", 128)
		send(t, q, name, queue.Message{Body: body, Group: group, Dedup: strings.Repeat("d", 128)})
		if err := q.Bury(t.Context(), receive(t, q, name), strings.Repeat("a very long reason, żółw, \x01\n", 1000)); err != nil {
			t.Fatal(err)
		}
		got, err := q.Buried(t.Context(), name, 1)
		if err != nil || len(got) != 1 || !bytes.Equal(got[0].Body, body) || got[0].Group != group {
			t.Fatalf("%s: got %d dead letters and %v, want the one as it was", name, len(got), err)
		}
		if n, err := q.Redrive(t.Context(), name, 1); n != 1 || err != nil {
			t.Fatalf("%s: got %d redriven and %v, want 1", name, n, err)
		}
		if d := receive(t, q, name); !bytes.Equal(d.Body, body) || d.Group != group {
			t.Errorf("%s: after the redrive it is another message", name)
		}
	}
}

func send(t *testing.T, q queue.Sender, name queue.Name, messages ...queue.Message) {
	t.Helper()
	if err := q.Send(t.Context(), name, messages); err != nil {
		t.Fatal(err)
	}
}

// receive receives the one message that is there.
func receive(t *testing.T, q queue.Receiver, name queue.Name) queue.Delivery {
	t.Helper()
	// A reply may be lost on its way, and hides what it brought until its visibility ends.
	for range 2 {
		got, err := q.Receive(t.Context(), name, 1, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 1 {
			return got[0]
		}
	}
	t.Fatal("got no delivery, want 1")
	return queue.Delivery{}
}
