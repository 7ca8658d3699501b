package deploy

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// actsAsFunction makes the test binary a function that does what its event says.
const actsAsFunction = "APICENTER_TEST_FUNCTION"

func beFunction() {
	served := 0
	lambda.Start(func(ctx context.Context, event struct{ Do, With string }) (map[string]any, error) {
		served++
		switch event.Do {
		case "fail":
			return nil, errors.New(event.With)
		case "die":
			os.Exit(3)
		case "hang":
			select {}
		case "deadline":
			deadline, ok := ctx.Deadline()
			return map[string]any{"limited": ok && time.Until(deadline) > 0 && time.Until(deadline) <= 2*time.Second}, nil
		case "meet": // ends when two are here at the same time
			if err := os.WriteFile(event.With+"-"+strings.ReplaceAll(os.Getenv("AWS_LAMBDA_RUNTIME_API"), ":", "_"), nil, 0o600); err != nil {
				return nil, err
			}
			for here := 0; here < 2; {
				select {
				case <-ctx.Done():
					return nil, ctx.Err()
				case <-time.After(5 * time.Millisecond):
				}
				found, err := os.ReadDir(strings.TrimSuffix(event.With, "/x"))
				if err != nil {
					return nil, err
				}
				here = len(found)
			}
		}
		return map[string]any{"served": served}, nil
	})
}

func testHost(t *testing.T, timeout time.Duration) *host {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h := newHost("test", self, []string{actsAsFunction + "=1", "AWS_LAMBDA_FUNCTION_NAME=test"}, timeout, 2, nil)
	t.Cleanup(h.stop)
	return h
}

// served is how many events the process that answered had before and with this one.
func (h *host) served(t *testing.T) int {
	t.Helper()
	answer, err := answerTo[struct{ Served int }](h.invoke(t.Context(), []byte(`{}`)))
	if err != nil {
		t.Fatal(err)
	}
	return answer.Served
}

func TestHostKeepsAProcessAndReplacesOneThatEnds(t *testing.T) {
	t.Parallel()
	h := testHost(t, 20*time.Second)
	if a, b := h.served(t), h.served(t); a != 1 || b != 2 || h.starts != 1 {
		t.Fatalf("served %d and %d by %d processes; want 1 and 2 by one", a, b, h.starts)
	}
	var failed *functionError
	if _, err := h.invoke(t.Context(), []byte(`{"do":"fail","with":"no flour left"}`)); !errors.As(err, &failed) || !strings.Contains(failed.text, "no flour left") {
		t.Errorf("a function that failed gave %v", err)
	}
	if n := h.served(t); n != 4 || h.starts != 1 {
		t.Errorf("after an error the process has served %d, and %d were started; want 4 and 1: an error ends no process", n, h.starts)
	}
	if _, err := h.invoke(t.Context(), []byte(`{"do":"die"}`)); !errors.As(err, &failed) || !strings.Contains(failed.text, "ended while it worked") {
		t.Errorf("a function that died gave %v", err)
	}
	if n := h.served(t); n != 1 || h.starts != 2 {
		t.Errorf("after a death a process has served %d, and %d were started; want 1 and 2", n, h.starts)
	}
}

func TestHostEndsWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	h := testHost(t, 2*time.Second)
	answer, err := answerTo[struct{ Limited bool }](h.invoke(t.Context(), []byte(`{"do":"deadline"}`)))
	if err != nil || !answer.Limited {
		t.Errorf("the function does not know its time: %v, %v", answer, err)
	}
	var failed *functionError
	if _, err := h.invoke(t.Context(), []byte(`{"do":"hang"}`)); !errors.As(err, &failed) || !strings.Contains(failed.text, "timed out after 2s") {
		t.Errorf("a function that hangs gave %v", err)
	}
	if n := h.served(t); n != 1 {
		t.Errorf("the process that hung goes on: it has served %d", n)
	}
}

func TestHostRunsAsManyAsItMay(t *testing.T) {
	t.Parallel()
	h := testHost(t, 20*time.Second)
	event := []byte(`{"do":"meet","with":"` + t.TempDir() + `/x"}`)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if _, err := h.invoke(t.Context(), event); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if h.starts != 2 {
		t.Errorf("two at the same time were served by %d processes", h.starts)
	}
}
