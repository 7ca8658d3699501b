package simhttp

import (
	"errors"
	"io"
	"net/http"
)

// peekSize is how much of a body is read ahead: for the log, and for systems
// whose operation is named in the body.
const peekSize = 4096

// peeked is a request body whose beginning was read ahead.
type peeked struct {
	head []byte
	off  int
	rest io.ReadCloser
	err  error // what reading ahead ended in, handed on after head
}

func (p *peeked) Read(b []byte) (int, error) {
	if p.off < len(p.head) {
		n := copy(b, p.head[p.off:])
		p.off += n
		return n, nil
	}
	if p.err != nil {
		return 0, p.err
	}
	return p.rest.Read(b)
}

func (p *peeked) Close() error { return p.rest.Close() }

// Peek returns the beginning (at most 4 KB) of a request's body without
// consuming it. The bytes must not be changed.
func Peek(r *http.Request) []byte {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if p, ok := r.Body.(*peeked); ok {
		return p.head
	}
	size := int64(peekSize)
	if r.ContentLength >= 0 && r.ContentLength < size {
		size = r.ContentLength
	}
	p := &peeked{head: make([]byte, size), rest: r.Body}
	n, err := io.ReadFull(r.Body, p.head)
	p.head = p.head[:n]
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && r.ContentLength < 0:
		p.err = io.EOF // the whole of a chunked body
	case err != nil:
		p.err = err
	}
	r.Body = p
	return p.head
}
