package connectortest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
)

// wire stands between the connector and the system.
type wire struct {
	next http.RoundTripper

	mu    sync.Mutex
	spoil spoiler
	made  int
}

// spoiler makes a request in another way than it was meant.
type spoiler func(*http.Request, http.RoundTripper) (*http.Response, error)

// RoundTrip makes the request, unless it is spoiled.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	spoil := w.spoil
	w.made++
	w.mu.Unlock()
	if spoil != nil {
		return spoil(r, w.next)
	}
	return w.next.RoundTrip(r)
}

// with sets how requests are spoiled from now on; nil lets them through.
func (w *wire) with(spoil spoiler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoil = spoil
}

// requests counts what was sent so far.
func (w *wire) requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made
}

// answer makes every request get this answer, without reaching the system.
func answer(status int, header map[string]string, body string) spoiler {
	return func(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
		sent(r)
		h := http.Header{"Content-Type": {"text/html"}}
		for name, value := range header {
			h.Set(name, value)
		}
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	}
}

// sent reads a request as a network does.
func sent(r *http.Request) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
}

// lost lets the system do the work and loses its answer.
func lost(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

// cut ends every answer in its middle.
func cut(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{}))
	return response, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// silent never answers.
func silent(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
	sent(r)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// refused finds nobody at the port.
func refused(*http.Request, http.RoundTripper) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// nowhere finds no host of the name.
func nowhere(*http.Request, http.RoundTripper) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}}
}

// reset breaks the connection after the request was sent.
func reset(r *http.Request, _ http.RoundTripper) (*http.Response, error) {
	sent(r)
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}
