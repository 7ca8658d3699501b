package lambdaevent

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// maxAnswer is what Lambda lets a function return, with room for the headers.
const maxAnswer = 6<<20 - 64<<10

// answer takes down what a handler writes.
type answer struct {
	header http.Header
	sent   http.Header // the header as it was when the status was written
	status int
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*answer)(nil)

// Header is of http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader is of http.ResponseWriter. Only the first call counts, as on a wire; 1xx are hints and pass by.
func (a *answer) WriteHeader(status int) {
	if a.sent == nil && status >= 200 {
		a.status, a.sent = status, a.header.Clone()
	}
}

// Write is of http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.sent == nil {
		if _, set := a.header["Content-Type"]; !set {
			a.header.Set("Content-Type", http.DetectContentType(p))
		}
		a.WriteHeader(http.StatusOK)
	}
	return a.body.Write(p)
}

// response is the answer in the gateway's form. A handler that wrote nothing said 200, as with a server.
func (a *answer) response(head bool) (events.APIGatewayV2HTTPResponse, error) {
	a.WriteHeader(http.StatusOK)
	out := events.APIGatewayV2HTTPResponse{StatusCode: a.status, Headers: make(map[string]string, len(a.sent))}
	for name, values := range a.sent {
		if name == "Set-Cookie" {
			out.Cookies = values // a comma may stand inside a cookie, so they do not share a line
			continue
		}
		out.Headers[name] = strings.Join(values, ", ")
	}
	if head || a.body.Len() == 0 {
		return out, nil
	}
	out.Body, out.IsBase64Encoded = a.body.String(), !utf8.Valid(a.body.Bytes())
	if out.IsBase64Encoded {
		out.Body = base64.StdEncoding.EncodeToString(a.body.Bytes())
	}
	if len(out.Body) > maxAnswer {
		return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("the answer has %d bytes; a function may return %d", len(out.Body), maxAnswer)
	}
	return out, nil
}

// plain is an answer of this package itself.
func plain(status int, text string) events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{StatusCode: status, Headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"},
		Body: text + "\n"}
}
