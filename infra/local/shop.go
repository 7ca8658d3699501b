package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"apicenter/infra/exam"
	"apicenter/infra/sandbox"
	"apicenter/infra/sandbox/afas"
	"apicenter/infra/sandbox/mpluskassa"
	"apicenter/infra/sandbox/shopdata"
)

// shop is the two simulated systems behind the running demo. They live in memory; a journal beside the database keeps what
// happened to each, so that after a restart they are what they were and the pipeline finds what it delivered.
type shop struct {
	source, target sandbox.Control
	data           *shopdata.Shop
	till           *journal
	stops          []func()
}

func openShop(ctx context.Context, dir string, orders int) (*shop, error) {
	s := &shop{}
	if err := s.open(ctx, dir, orders); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *shop) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}

func (s *shop) open(ctx context.Context, dir string, orders int) error {
	url, stop, err := startSandbox(ctx, "mpluskassa", false)
	if err != nil {
		return err
	}
	s.source.Base, s.stops = url, append(s.stops, stop)
	erp, err := newSandbox("afas")
	if err != nil {
		return err
	}
	if s.till, err = openJournal(filepath.Join(dir, "demo-till.jsonl")); err != nil {
		return err
	}
	kept, err := openJournal(filepath.Join(dir, "demo-erp.jsonl"))
	if err != nil {
		return err
	}
	if err := s.fillTill(ctx, orders); err != nil {
		return err
	}
	seed, err := json.Marshal(exam.Seed(s.data))
	if err != nil {
		return err
	}
	play(erp, http.MethodPost, "/_sandbox/seed", seed)
	for _, line := range kept.lines {
		var w written
		if err := json.Unmarshal(line, &w); err != nil {
			return fmt.Errorf("the journal of the demo's AFAS is damaged; remove the data folder to start anew: %w", err)
		}
		play(erp, w.Method, w.Path, []byte(w.Body))
	}
	url, stop, err = serveJournaled(ctx, erp, kept)
	if err != nil {
		return err
	}
	s.target.Base, s.stops = url, append(s.stops, stop)
	return nil
}

// fillTill plays the till's journal, or starts one.
func (s *shop) fillTill(ctx context.Context, orders int) error {
	lines := s.till.lines
	if len(lines) == 0 {
		options := shopdata.Options{Seed: 1, Orders: orders, Customers: 60, Interval: 10 * time.Minute,
			Start: time.Now().Add(-24 * time.Hour).In(shopdata.Amsterdam()).Truncate(time.Minute)}
		line, err := s.till.add(mpluskassa.Seed{Generate: &options})
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	for _, line := range lines {
		var seed mpluskassa.Seed
		if err := json.Unmarshal(line, &seed); err != nil {
			return fmt.Errorf("the journal of the demo's till is damaged; remove the data folder to start anew: %w", err)
		}
		if seed.Generate != nil {
			s.data = shopdata.Generate(*seed.Generate)
		}
		if s.data != nil && seed.More > 0 {
			s.data.More(seed.More)
		}
		if err := s.source.Seed(ctx, seed); err != nil {
			return fmt.Errorf("filling the till: %w", err)
		}
	}
	if s.data == nil {
		return errors.New("the journal of the demo's till has no beginning; remove the data folder to start anew")
	}
	return nil
}

// live lets orders come in, and now and then one be paid that was not.
func (s *shop) live(ctx context.Context, log *slog.Logger) {
	waiting := unpaid(s.data.Orders)
	for {
		if pause(ctx, 5*time.Second); ctx.Err() != nil {
			return
		}
		seed := mpluskassa.Seed{More: 1}
		waiting = append(waiting, unpaid(s.data.More(1))...)
		if len(s.data.Orders)%20 == 0 && len(waiting) > 0 {
			seed.Pay, waiting = waiting[:1], waiting[1:]
		}
		_, err := s.till.add(seed)
		if err == nil {
			err = s.source.Seed(ctx, seed)
		}
		if err != nil && ctx.Err() == nil {
			log.Error("the demo shop could not take an order", "error", err)
		}
	}
}

func unpaid(orders []shopdata.Order) []string {
	var out []string
	for _, o := range orders {
		if o.Fate == shopdata.Unpaid {
			out = append(out, o.ID)
		}
	}
	return out
}

// journal is a file of JSON lines.
type journal struct {
	mu    sync.Mutex
	file  *os.File
	lines [][]byte // as they were when it was opened
}

func openJournal(path string) (*journal, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	j := &journal{}
	whole := bytes.LastIndexByte(data, '\n') + 1 // a last line cut off by a crash did not happen
	scan := bufio.NewScanner(bytes.NewReader(data[:whole]))
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		j.lines = append(j.lines, bytes.Clone(scan.Bytes()))
	}
	if j.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	if err := j.file.Truncate(int64(whole)); err != nil {
		return nil, err
	}
	_, err = j.file.Seek(0, io.SeekEnd)
	return j, err
}

func (j *journal) add(v any) ([]byte, error) {
	line, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.file.Write(append(line, '\n'))
	return line, err
}

// written is one request that changed the simulated AFAS.
type written struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   string `json:"body"`
}

// authorization is the header of the demo's own app connector.
var authorization = "AfasToken " + base64.StdEncoding.EncodeToString(
	[]byte("<token><version>1</version><data>"+afas.DefaultToken+"</data></token>"))

// play makes a request of the simulated AFAS as the demo's own app connector does.
func play(handler http.Handler, method, path string, body []byte) {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json;charset=utf-8")
	r.Header.Set("Authorization", authorization)
	handler.ServeHTTP(httptest.NewRecorder(), r)
}

// serveJournaled serves a simulated system and keeps every request that changed it. The line is written before the answer
// leaves: what the pipeline was told is there after a restart.
func serveJournaled(ctx context.Context, sim http.Handler, j *journal) (url string, stop func(), err error) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || strings.HasPrefix(r.URL.Path, "/_sandbox/") {
			sim.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 80<<20))
		if err != nil {
			http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		kept := httptest.NewRecorder()
		sim.ServeHTTP(kept, r)
		if kept.Code < http.StatusBadRequest {
			if _, err := j.add(written{Method: r.Method, Path: r.URL.RequestURI(), Body: string(body)}); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		for name, values := range kept.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(kept.Code)
		_, _ = w.Write(kept.Body.Bytes())
	})
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}
