package mpluskassa

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Bounds of a request.
const (
	maxRequest = 16 << 20
	maxDepth   = 40
)

// node is an element of a request. Prefixes and namespaces are dropped.
type node struct {
	name string
	text string
	kids []*node
}

// parseEnvelope reads a request and returns the first element in its body.
func parseEnvelope(r io.Reader) (*node, error) {
	dec := xml.NewDecoder(r)
	root, err := parseElement(dec)
	if err != nil {
		return nil, err
	}
	if root.name != "Envelope" {
		return nil, fmt.Errorf("the request is not a SOAP envelope but <%s>", root.name)
	}
	for _, kid := range root.kids {
		if kid.name != "Body" {
			continue
		}
		if len(kid.kids) == 0 {
			return nil, errors.New("the SOAP body is empty")
		}
		return kid.kids[0], nil
	}
	return nil, errors.New("the SOAP envelope has no body")
}

// parseElement reads one document.
func parseElement(dec *xml.Decoder) (*node, error) {
	var stack []*node
	var text [maxDepth][]byte
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("the request is not well-formed XML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(stack) == maxDepth {
				return nil, errors.New("the request is nested too deeply")
			}
			n := &node{name: t.Name.Local}
			if len(stack) > 0 {
				parent := stack[len(stack)-1]
				parent.kids = append(parent.kids, n)
			}
			text[len(stack)] = text[len(stack)][:0]
			stack = append(stack, n)
		case xml.CharData:
			if len(stack) > 0 {
				text[len(stack)-1] = append(text[len(stack)-1], t...)
			}
		case xml.EndElement:
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if len(n.kids) == 0 {
				n.text = string(text[len(stack)])
			}
			if len(stack) == 0 {
				return n, nil
			}
		}
	}
}

// peekOperation finds the name of the first element in the SOAP body in the
// beginning of a request.
func peekOperation(head []byte) string {
	for {
		at := bytes.IndexByte(head, '<')
		if at < 0 {
			return ""
		}
		head = head[at+1:]
		if localName(head) == "Body" {
			break
		}
	}
	for {
		at := bytes.IndexByte(head, '<')
		if at < 0 || at+1 == len(head) {
			return ""
		}
		head = head[at+1:]
		if head[0] != '!' && head[0] != '?' { // comments are skipped
			break
		}
	}
	if head[0] == '/' {
		return ""
	}
	return localName(head)
}

// localName reads a name up to its end and drops the prefix.
func localName(b []byte) string {
	if end := bytes.IndexAny(b, " \t\r\n/>"); end >= 0 {
		b = b[:end]
	}
	if colon := bytes.IndexByte(b, ':'); colon >= 0 {
		b = b[colon+1:]
	}
	return string(b)
}
