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

// start is how long a function's process took until it asked for work, by the clock and of a core.
type start struct{ took, computed time.Duration }

// begin starts a function's process and waits until it asks for work.
func begin(binary string, env []string) (s start, lastLine string, err error) {
	h := newHost("start", binary, env, time.Minute, 1, nil)
	started := time.Now()
	p, err := h.start()
	if err != nil {
		return s, "", err
	}
	select {
	case <-p.asked:
		s.took = time.Since(started)
		p.stop()
		s.computed = p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
		return s, "", nil
	case <-p.gone:
		return s, p.output.last(), fmt.Errorf("it ended before it asked for work: %s", p.output.last())
	case <-time.After(time.Minute):
		p.stop()
		return s, "", fmt.Errorf("it did not ask for work within a minute")
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

// wholeCore is the memory, in MB, at which Lambda gives a function one core; with less it gets a share.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const wholeCore = 1769

// BenchmarkColdStart measures, for each function, the time from the start of its process to the first question for work: at a
// full core, and what the work of a core comes to at the share that the function's memory gives it. Beside the benchmark's own
// lines it prints one of JSON.
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
			var took, shared float64
			for b.Loop() {
				var whole, computed []time.Duration
				for range starts {
					s, _, err := begin(built[id], env)
					if err != nil {
						b.Fatal(err)
					}
					whole, computed = append(whole, s.took), append(computed, s.computed)
				}
				took, shared = median(whole), median(computed)*max(1, wholeCore/float64(c.number(id, "MemorySize")))
			}
			mb := float64(info.Size()) / (1 << 20)
			b.ReportMetric(took, "ms/start")
			b.ReportMetric(shared, "ms/start-at-its-share")
			b.ReportMetric(mb, "MB")
			line, err := json.Marshal(map[string]any{"bench": "cold start", "function": folder(id), "starts": starts, "median_ms": took,
				"median_ms_at_its_share_of_a_core": shared, "binary_mb": mb})
			if err != nil {
				b.Fatal(err)
			}
			fmt.Println(string(line))
		})
	}
}

// median is in milliseconds.
func median(list []time.Duration) float64 {
	slices.Sort(list)
	return float64((list[len(list)/2-1] + list[len(list)/2]).Microseconds()) / 2000
}
