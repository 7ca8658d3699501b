package deploy

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// offline is what the template gives a function, with services at addresses where nobody answers: starting calls none.
func offline(t testing.TB) *cloud {
	t.Helper()
	s, err := read(written(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://127.0.0.1:9" // the discard port
	return &cloud{stack: s, endpoints: map[string]string{"DYNAMODB": nobody, "SQS": nobody, "KMS": nobody, "EVENTBRIDGE": nobody}}
}

// begin starts a function's process, waits until it asks for work, and returns how long that took.
func begin(binary string, env []string) (took time.Duration, lastLine string, err error) {
	h := newHost("start", binary, env, time.Minute, 1, nil)
	started := time.Now()
	p, err := h.start()
	if err != nil {
		return 0, "", err
	}
	select {
	case <-p.asked:
		took = time.Since(started)
		p.stop()
		return took, "", nil
	case <-p.gone:
		return 0, p.output.last(), fmt.Errorf("it ended before it asked for work: %s", p.output.last())
	case <-time.After(time.Minute):
		p.stop()
		return 0, "", fmt.Errorf("it did not ask for work within a minute")
	}
}

// Every function starts with what the template gives it, without calling anybody; and of what the template gives it by
// name, nothing can be left out.
func TestFunctionsStartWithTheirEnvironment(t *testing.T) {
	c, built := offline(t), bootstraps(t)
	for id, binary := range built {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			whole := c.environment(id)
			if _, _, err := begin(binary, whole); err != nil {
				t.Fatal(err)
			}
			variables, _ := c.at(id, "Environment", "Variables").(map[string]any)
			if len(variables) < 4 {
				t.Fatalf("the template gives it only %v", variables)
			}
			for name := range variables {
				without := slices.DeleteFunc(slices.Clone(whole), func(v string) bool { return strings.HasPrefix(v, name+"=") })
				_, line, err := begin(binary, without)
				if err == nil {
					t.Errorf("the template gives it %s, which it does not need", name)
					continue
				}
				var logged struct{ Level, Error string }
				if json.Unmarshal([]byte(line), &logged) != nil || logged.Level != "ERROR" || !strings.Contains(logged.Error, name+" is missing") {
					t.Errorf("without %s its last line is %q", name, line)
				}
			}
		})
	}
}

// Everything that is missing is told at once.
func TestAFunctionTellsAllThatIsMissing(t *testing.T) {
	c := offline(t)
	_, line, err := begin(bootstraps(t)["SenderFunction"], nil)
	if err == nil {
		t.Fatal("it starts without an environment")
	}
	variables, _ := c.at("SenderFunction", "Environment", "Variables").(map[string]any)
	for name := range variables {
		if !strings.Contains(line, name) {
			t.Errorf("%s is missing, and the line does not say so: %s", name, line)
		}
	}
}

// BenchmarkColdStart measures, for each function, the time from the start of its process to the first question for work,
// and the size of its binary. Beside the benchmark's own lines it prints one of JSON.
func BenchmarkColdStart(b *testing.B) {
	c, built := offline(b), bootstraps(b)
	const starts = 20
	for _, id := range c.of("AWS::Lambda::Function") {
		b.Run(folder(id), func(b *testing.B) {
			info, err := os.Stat(built[id])
			if err != nil {
				b.Fatal(err)
			}
			env := c.environment(id)
			var median time.Duration
			for b.Loop() {
				took := make([]time.Duration, starts)
				for i := range took {
					if took[i], _, err = begin(built[id], env); err != nil {
						b.Fatal(err)
					}
				}
				slices.Sort(took)
				median = (took[starts/2-1] + took[starts/2]) / 2
			}
			ms, mb := float64(median.Microseconds())/1000, float64(info.Size())/(1<<20)
			b.ReportMetric(ms, "ms/start")
			b.ReportMetric(mb, "MB")
			line, err := json.Marshal(map[string]any{"bench": "cold start", "function": folder(id), "starts": starts, "median_ms": ms, "binary_mb": mb})
			if err != nil {
				b.Fatal(err)
			}
			fmt.Println(string(line))
		})
	}
}
