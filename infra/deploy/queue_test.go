package deploy

import (
	"fmt"
	"strings"
	"testing"

	"apicenter/shared/queue"
)

// queueID finds a queue by the name the pipeline knows it by.
func (s *stack) queueID(q queue.Name) string {
	for _, id := range s.of("AWS::SQS::Queue") {
		if s.text(id, "QueueName") == stackName+"-"+string(q) {
			return id
		}
	}
	return ""
}

// queuesAreAsTheirStagesNeed compares the template with what package queue says of each queue.
func queuesAreAsTheirStagesNeed(s *stack) (problems []string) {
	for _, q := range queue.All() {
		id, want := s.queueID(q), queue.SettingsOf(q)
		if id == "" {
			problems = append(problems, fmt.Sprintf("there is no queue %s", q))
			continue
		}
		say := func(format string, args ...any) {
			problems = append(problems, "queue "+string(q)+" "+fmt.Sprintf(format, args...))
		}
		if got, want := s.number(id, "VisibilityTimeout"), int(want.Visibility.Seconds()); got != want {
			say("hides messages for %d s, the code reckons with %d", got, want)
		}
		if got, want := s.number(id, "MessageRetentionPeriod"), int(want.Retention.Seconds()); got != want {
			say("keeps messages for %d s, the code reckons with %d", got, want)
		}
		if got := s.number(id, "RedrivePolicy", "maxReceiveCount"); got != want.MaxReceives {
			say("gives messages up after %d receives, the code reckons with %d", got, want.MaxReceives)
		}
		if s.at(id, "SqsManagedSseEnabled") != true {
			say("is not encrypted")
		}
		if fifo := s.at(id, "FifoQueue") == true; fifo != want.FIFO {
			say("has FifoQueue %t, the code reckons with %t", fifo, want.FIFO)
		}
		if want.FIFO && (s.text(id, "DeduplicationScope") != "messageGroup" || s.text(id, "FifoThroughputLimit") != "perMessageGroupId") {
			say("is not a high-throughput queue: all lanes together would get 300 calls a second")
		}
		if s.at(id, "ContentBasedDeduplication") == true {
			say("makes ids from content: a retry would be taken for a repetition and vanish")
		}
		dead := s.byARN(s.text(id, "RedrivePolicy", "deadLetterTargetArn"))
		switch {
		case dead == "":
			say("has no dead-letter queue")
		case (s.at(dead, "FifoQueue") == true) != want.FIFO:
			say("has a dead-letter queue of the other type; SQS refuses that")
		case s.number(dead, "MessageRetentionPeriod") != 1209600:
			say("has a dead-letter queue that does not keep messages for 14 days, the longest there is")
		}
	}
	return problems
}

func TestQueuesAreAsTheirStagesNeed(t *testing.T) { holds(t, queuesAreAsTheirStagesNeed) }

func TestQueuesThatAreNotAreNoticed(t *testing.T) {
	breaks(t, queuesAreAsTheirStagesNeed,
		spoilt{id: "MapQueue", path: "QueueName", value: "other", want: "there is no queue map"},
		spoilt{id: "MapQueue", path: "VisibilityTimeout", value: 60, want: "queue map hides messages for 60 s"},
		spoilt{id: "RetryQueue", path: "MessageRetentionPeriod", value: 60, want: "queue retry keeps messages for 60 s"},
		spoilt{id: "RetryQueue", path: "RedrivePolicy.maxReceiveCount", value: 5, want: "queue retry gives messages up after 5"},
		spoilt{id: "FetchStockQueue", path: "SqsManagedSseEnabled", value: false, want: "queue fetch-stock is not encrypted"},
		spoilt{id: "SendQueue", path: "FifoQueue", value: nil, want: "queue send.fifo has FifoQueue false"},
		spoilt{id: "SendQueue", path: "DeduplicationScope", value: "queue", want: "not a high-throughput queue"},
		spoilt{id: "SendQueue", path: "FifoThroughputLimit", value: nil, want: "not a high-throughput queue"},
		spoilt{id: "SendQueue", path: "ContentBasedDeduplication", value: true, want: "makes ids from content"},
		spoilt{id: "SendQueue", path: "RedrivePolicy", value: nil, want: "queue send.fifo has no dead-letter queue"},
		spoilt{id: "SendDead", path: "FifoQueue", value: nil, want: "dead-letter queue of the other type"},
		spoilt{id: "MapDead", path: "MessageRetentionPeriod", value: 345600, want: "does not keep messages for 14 days"},
	)
}

// source is an event source mapping: what brings messages of a queue to a function.
type source struct {
	id, queue, function string // ids in the template
}

func (s *stack) sources() []source {
	var out []source
	for _, id := range s.of("AWS::Lambda::EventSourceMapping") {
		out = append(out, source{id: id, queue: s.byARN(s.text(id, "EventSourceArn")), function: s.functionID(s.text(id, "FunctionName"))})
	}
	return out
}

// functionID finds a function by its name or by what holds its ARN.
func (s *stack) functionID(name string) string {
	for _, id := range s.of("AWS::Lambda::Function") {
		if own := s.text(id, "FunctionName"); own == name || strings.HasSuffix(name, "function:"+own) {
			return id
		}
	}
	return ""
}

// sourcesAreSound looks at how messages reach their functions.
func sourcesAreSound(s *stack) (problems []string) {
	fed := map[string]bool{}
	for _, e := range s.sources() {
		say := func(format string, args ...any) {
			problems = append(problems, e.id+" "+fmt.Sprintf(format, args...))
		}
		if e.queue == "" || e.function == "" {
			say("does not lead from a queue to a function of this stack")
			continue
		}
		if fed[e.queue] {
			say("takes from a queue that another one takes from")
		}
		fed[e.queue] = true
		batch, window, fifo := s.number(e.id, "BatchSize"), s.number(e.id, "MaximumBatchingWindowInSeconds"), s.at(e.queue, "FifoQueue") == true
		if fifo && batch != 1 {
			say("has batches of %d: a lane takes one message at a time", batch)
		}
		if fifo && window > 0 {
			say("has a batching window, which FIFO queues do not allow")
		}
		if batch < 1 || batch > 10000 || (batch > 10 && window == 0) {
			say("has batches of %d without a window; above 10 SQS wants one", batch)
		}
		if fmt.Sprint(s.at(e.id, "FunctionResponseTypes")) != "[ReportBatchItemFailures]" {
			say("does not let the function say which messages failed: all of the batch would come again, or none")
		}
		most := s.number(e.id, "ScalingConfig", "MaximumConcurrency")
		if most < 2 || most > 1000 {
			say("has a maximum concurrency of %d; it lies between 2 and 1000", most)
		}
		if s.at(e.id, "ProvisionedPollerConfig") != nil {
			say("has provisioned pollers beside a maximum concurrency; Lambda refuses both together")
		}
		timeout, hidden := s.number(e.function, "Timeout"), s.number(e.queue, "VisibilityTimeout")
		if hidden < 6*timeout {
			say("gives messages that are hidden for %d s to a function that may take %d s; it has to be six times as long", hidden, timeout)
		}
		if reserved := s.number(e.function, "ReservedConcurrentExecutions"); reserved > 0 && reserved < most {
			say("may ask for more executions (%d) than the function has (%d): messages would come again and again without being tried", most, reserved)
		}
	}
	for _, q := range queue.All() {
		if id := s.queueID(q); id != "" && !fed[id] {
			problems = append(problems, fmt.Sprintf("nobody takes from queue %s", q))
		}
	}
	return problems
}

func TestSourcesAreSound(t *testing.T) { holds(t, sourcesAreSound) }

func TestUnsoundSourcesAreNoticed(t *testing.T) {
	breaks(t, sourcesAreSound,
		spoilt{id: "SenderFunctionMessages", path: "BatchSize", value: 2, want: "a lane takes one message at a time"},
		spoilt{id: "SenderFunctionMessages", path: "MaximumBatchingWindowInSeconds", value: 5, want: "FIFO queues do not allow"},
		spoilt{id: "MapperFunctionMessages", path: "BatchSize", value: 11, want: "above 10 SQS wants one"},
		spoilt{id: "MapperFunctionMessages", path: "FunctionResponseTypes", value: nil, want: "which messages failed"},
		spoilt{id: "RetryFunctionMessages", path: "ScalingConfig.MaximumConcurrency", value: 1, want: "between 2 and 1000"},
		spoilt{id: "RetryFunctionMessages", path: "ScalingConfig", value: nil, want: "between 2 and 1000"},
		spoilt{id: "RetryFunctionMessages", path: "ProvisionedPollerConfig.MinimumPollers", value: 1, want: "refuses both together"},
		spoilt{id: "MapperFunction", path: "Timeout", value: 61, want: "six times as long"},
		spoilt{id: "MapperFunction", path: "ReservedConcurrentExecutions", value: 2, want: "without being tried"},
		spoilt{id: "RetryFunctionMessages", path: "EventSourceArn", value: "arn:aws:sqs:eu-central-1:1:other", want: "does not lead from a queue"},
		spoilt{id: "RetryFunctionMessages", path: "EventSourceArn", value: map[string]any{"Fn::GetAtt": []any{"MapQueue", "Arn"}}, want: "nobody takes from queue retry"},
		spoilt{id: "RetryFunctionMessages", path: "EventSourceArn", value: map[string]any{"Fn::GetAtt": []any{"MapQueue", "Arn"}}, want: "another one takes from"},
	)
}
