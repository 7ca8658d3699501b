package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// host runs one function as Lambda does: processes that ask for work at the Runtime API, one invocation at a time each, a
// new one when all are busy or one has ended.
type host struct {
	name    string
	binary  string
	env     []string
	timeout time.Duration
	most    int               // processes at the same time
	say     func(line []byte) // a line the function logged
	slots   chan struct{}     // one for each process that may run
	mu      sync.Mutex        //
	idle    []*process        // that wait for work, the last used at the end
	all     map[*process]bool //
	starts  int               // processes started so far
}

func newHost(name, binary string, env []string, timeout time.Duration, most int, say func([]byte)) *host {
	return &host{name: name, binary: binary, env: env, timeout: timeout, most: most, say: say, slots: make(chan struct{}, most),
		all: map[*process]bool{}}
}

// functionError is what a function answered instead of an answer, or how it ended.
type functionError struct{ function, text string }

func (e *functionError) Error() string { return "function " + e.function + ": " + e.text }

// invoke hands an event to a process and returns its answer. While all processes are busy it waits.
func (h *host) invoke(ctx context.Context, event []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p, err := h.take()
	if err != nil {
		return nil, err
	}
	answer, err := p.run(ctx, event)
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.ended() {
		delete(h.all, p)
	} else {
		h.idle = append(h.idle, p)
	}
	return answer, err
}

// take returns a process that waits, or a new one.
func (h *host) take() (*process, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.idle) > 0 {
		p := h.idle[len(h.idle)-1]
		h.idle = h.idle[:len(h.idle)-1]
		if !p.ended() {
			return p, nil
		}
		delete(h.all, p) // it ended between two events
	}
	p, err := h.start()
	if err != nil {
		return nil, err
	}
	h.starts++
	h.all[p] = true
	return p, nil
}

// stop ends all processes.
func (h *host) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.all {
		p.stop()
	}
}

// process is one execution environment.
type process struct {
	host   *host
	server *httptest.Server
	cmd    *exec.Cmd
	events chan call
	asked  chan struct{} // closed at the first /next: the start is over
	once   sync.Once
	gone   chan struct{} // closed when the process has ended
	answer chan reply
	output *lines
}

type call struct {
	id       string
	event    []byte
	deadline time.Time
}

type reply struct {
	id   string
	body []byte
	err  error
}

// start starts a process. It does not wait until it asks for work.
func (h *host) start() (*process, error) {
	p := &process{host: h, events: make(chan call), asked: make(chan struct{}), gone: make(chan struct{}), answer: make(chan reply, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", p.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) { p.answered(w, r, false) })
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) { p.answered(w, r, true) })
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	p.server = httptest.NewServer(mux)
	p.output = &lines{say: h.say}
	p.cmd = exec.Command(h.binary)
	p.cmd.Env = append(slices.Clone(h.env), "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(p.server.URL, "http://"))
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		p.server.Close()
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.gone)
		p.server.CloseClientConnections()
		p.server.Close()
	}()
	return p, nil
}

func (p *process) next(w http.ResponseWriter, r *http.Request) {
	p.once.Do(func() { close(p.asked) })
	select {
	case c := <-p.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", c.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(c.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+region+":"+account+":function:"+p.host.name)
		w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(c.event)
	case <-r.Context().Done():
	case <-p.gone:
	}
}

func (p *process) answered(w http.ResponseWriter, r *http.Request, failed bool) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a := reply{id: r.PathValue("id"), body: body}
	if failed {
		a.err = &functionError{p.host.name, string(body)}
	}
	w.WriteHeader(http.StatusAccepted)
	select {
	case p.answer <- a:
	default: // nobody waits any more
	}
}

// run hands over one event and waits for the answer, the end of the process or the function's time.
func (p *process) run(ctx context.Context, event []byte) ([]byte, error) {
	c := call{id: fmt.Sprintf("%032x", time.Now().UnixNano()), event: event, deadline: time.Now().Add(p.host.timeout)}
	timer := time.NewTimer(p.host.timeout + time.Second)
	defer timer.Stop()
	select {
	case p.events <- c:
	case <-p.gone:
		return nil, &functionError{p.host.name, "ended before it took an event: " + p.output.last()}
	case <-timer.C:
		p.stop()
		return nil, &functionError{p.host.name, "did not ask for an event"}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		select {
		case a := <-p.answer:
			if a.id == c.id {
				return a.body, a.err
			}
		case <-p.gone:
			return nil, &functionError{p.host.name, "ended while it worked: " + p.output.last()}
		case <-timer.C:
			p.stop()
			return nil, &functionError{p.host.name, fmt.Sprintf("task timed out after %v", p.host.timeout)}
		case <-ctx.Done():
			p.stop() // an event that nobody waits for any more must not go on
			return nil, ctx.Err()
		}
	}
}

func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// lines hands on what is written line by line.
type lines struct {
	say  func([]byte)
	mu   sync.Mutex
	rest []byte
	kept []byte
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, b...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(b), nil
		}
		l.kept = slices.Clone(line)
		if l.say != nil {
			l.say(l.kept)
		}
		l.rest = rest
	}
}

// last is the last line.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.kept)
}

// answerTo decodes what a function answered.
func answerTo[T any](body []byte, err error) (T, error) {
	var out T
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, errors.Join(errors.New("the answer is not what was asked for"), err)
	}
	return out, nil
}
