package lambdaevent

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// margin is what a handler must leave of the invocation's time, so that its answer still gets out.
const margin = 500 * time.Millisecond

func decodeCall(raw json.RawMessage, s shape) (Event, error) {
	if s.Version != "2.0" {
		return nil, fmt.Errorf("the HTTP API request has payload format %q; set the integration's format to 2.0", s.Version)
	}
	if s.RequestContext.HTTP.Method == "" {
		return nil, errors.New("the HTTP API request has no method")
	}
	var c Call
	if err := json.Unmarshal(raw, &c.request); err != nil {
		return nil, fmt.Errorf("the HTTP API request cannot be read: %w", shapeError(err))
	}
	return c, nil
}

// Serve lets the handler answer a call. The request's context ends half a second before the invocation does, so that a
// handler that waits can still say so. A panic is left to the Lambda runtime, which reports it and starts afresh.
func Serve(ctx context.Context, handler http.Handler, c Call) (events.APIGatewayV2HTTPResponse, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin))
		defer cancel()
	}
	request, err := c.http(ctx)
	if err != nil {
		return plain(http.StatusBadRequest, err.Error()), nil
	}
	w := &answer{header: http.Header{}}
	handler.ServeHTTP(w, request)
	return w.response(request.Method == http.MethodHead)
}

// http makes the request a server would have got from the wire.
func (c Call) http(ctx context.Context) (*http.Request, error) {
	e := c.request
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, errors.New("the request's body is not the base64 it is said to be")
		}
	}
	r, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, "/", bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the request's method is none of HTTP")
	}
	r.URL = address(e)
	r.RequestURI = r.URL.RequestURI()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	// The gateway joins repeated headers with a comma and says nothing of it. They stay as they are: taken apart, a date or
	// a signature (t=1,v1=…) would lose its second half.
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	if r.Host = r.Header.Get("Host"); r.Host == "" {
		r.Host = e.RequestContext.DomainName
	}
	r.Header.Del("Host") // a server keeps it in Request.Host only
	if ip := e.RequestContext.HTTP.SourceIP; ip != "" {
		r.RemoteAddr = net.JoinHostPort(ip, "0") // the gateway does not tell the port
	}
	for name, value := range e.PathParameters {
		r.SetPathValue(strings.TrimSuffix(name, "+"), value)
	}
	return r, nil
}

// address is the path and query the caller asked for, without the stage that the gateway puts in front.
func address(e events.APIGatewayV2HTTPRequest) *url.URL {
	path := e.RawPath
	if stage := e.RequestContext.Stage; stage != "" && stage != "$default" {
		if rest, ok := strings.CutPrefix(path, "/"+stage); ok && (rest == "" || rest[0] == '/') {
			path = rest
		}
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u := &url.URL{RawQuery: e.RawQueryString}
	// The path comes encoded or, with a percent sign in it that means itself, decoded already.
	if decoded, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = decoded, path
	} else {
		u.Path = path
	}
	return u
}
