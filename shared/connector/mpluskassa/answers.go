package mpluskassa

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/fault"
)

// waitUnnamed is how long a system that says "too many" without a time is left alone.
const waitUnnamed = 30 * time.Second

// failure is the one place where answers of MplusKASSA become classes.
func (c config) failure(ctx context.Context, step string, call soap.Call, err error) *fault.Error {
	f := c.class(ctx, err)
	f.Step, f.Err = step, c.quotable(err)
	detail := call.Operation
	if id := requestID(err); id != "" {
		detail += ", request " + id
	}
	if f.Detail != "" {
		detail += ": " + f.Detail
	}
	f.Detail = detail
	return f
}

// quotable returns err with the server's text made harmless.
func (c config) quotable(err error) error {
	var f *soap.Fault
	if !errors.As(err, &f) {
		return err
	}
	clean := *f
	clean.Text = c.said(f)
	return &clean
}

func (c config) class(ctx context.Context, err error) *fault.Error {
	var (
		answer    *soap.Fault
		status    *soap.StatusError
		format    *soap.FormatError
		transport *soap.TransportError
	)
	switch {
	case errors.As(err, &answer):
		if answer.HTTP != nil {
			if f := c.byStatus(answer.HTTP); f.Class == fault.Wait || f.Class == fault.Pause {
				return f
			}
		}
		return c.byFault(answer)
	case errors.As(err, &status):
		return c.byStatus(status)
	case errors.As(err, &format):
		return c.byFormat(format)
	case errors.As(err, &transport):
		return c.byTransport(ctx, transport.Err)
	}
	return fault.As(err)
}

// refusedCredentials is what the owner reads when the server does not know the API user.
func (c config) refusedCredentials(said string) *fault.Error {
	message := "MplusKASSA does not accept ident and secret"
	if said != "" {
		message += fmt.Sprintf(": %q", said)
	}
	return &fault.Error{Class: fault.Pause, Field: "ident, secret", Message: message, Connection: true,
		Advice: "Compare ident, secret and port with what Mplus gave you, correct them and test the connection again."}
}

func (c config) byFault(f *soap.Fault) *fault.Error {
	said := c.said(f)
	switch {
	case f.IsCode("Client.Authentication"), f.IsCode("Client.Authorization"), f.IsCode("Client.Authorisation"):
		return c.refusedCredentials(said)
	case f.IsCode("Client"):
		return &fault.Error{Class: fault.Reject, Message: fmt.Sprintf("MplusKASSA refuses the request: %q", said), Detail: f.Code,
			Advice: "Test the connection; if that succeeds, this installation of MplusKASSA may be too old for what was asked."}
	}
	return &fault.Error{Class: fault.Retry, Message: fmt.Sprintf("MplusKASSA reports an error of its own: %q", said), Detail: f.Code,
		Advice: "It is tried again by itself; if it stays, tell Mplus support what MplusKASSA said."}
}

func (c config) byStatus(s *soap.StatusError) *fault.Error {
	detail := s.Error()
	switch {
	case s.Status == http.StatusUnauthorized || s.Status == http.StatusForbidden:
		f := c.refusedCredentials("")
		f.Detail = detail
		return f
	case s.Status == http.StatusTooManyRequests || s.Status == http.StatusServiceUnavailable && s.HasRetryAfter:
		after := waitUnnamed
		if s.HasRetryAfter {
			after = max(s.RetryAfter, time.Second) // "at once" to everybody who waits would be a stampede
		}
		return &fault.Error{Class: fault.Wait, After: after, Message: "MplusKASSA asks us to wait", Detail: detail}
	case s.Status >= 500:
		return &fault.Error{Class: fault.Retry, Connection: true, Detail: detail,
			Message: fmt.Sprintf("MplusKASSA at %s is out of order at the moment (status %d)", c.place(), s.Status),
			Advice:  "It is tried again by itself."}
	}
	return &fault.Error{Class: fault.Retry, Connection: true, Field: "host, port", Detail: detail,
		Message: fmt.Sprintf("what answers at %s is not MplusKASSA (status %d)", c.place(), s.Status),
		Advice:  "Check host and port with what Mplus gave you."}
}

func (c config) byFormat(f *soap.FormatError) *fault.Error {
	out := &fault.Error{Class: fault.Retry, Detail: f.Error()}
	switch {
	case f.TooLarge:
		out.Field, out.Message = "pageSize", "the answer of MplusKASSA "+f.Reason
		out.Advice = "Ask for fewer records per request in the settings of the connection."
	case f.Cut:
		out.Connection = true
		out.Message = "the answer of MplusKASSA was cut short"
		out.Advice = "It is tried again by itself; if it stays, ask for fewer records per request."
	default:
		out.Message = fmt.Sprintf("what answers at %s does not answer as MplusKASSA does: the answer %s", c.place(), f.Reason)
		out.Advice = "It is tried again by itself; if it stays, check host and port with what Mplus gave you."
	}
	return out
}

func (c config) byTransport(ctx context.Context, err error) *fault.Error {
	f := &fault.Error{Class: fault.Retry, Connection: true, Detail: c.scrub(err.Error()), Advice: "It is tried again by itself."}
	var (
		ours        *fault.Error // of the platform's own dialer
		name        *net.DNSError
		record      tls.RecordHeaderError
		certificate *tls.CertificateVerificationError
		host        x509.HostnameError
		timedOut    net.Error
	)
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		f.Connection, f.Message = false, "the request was given up because the run was stopped"
	case errors.As(err, &ours):
		clean := *ours
		return &clean
	case errors.Is(err, errFingerprint):
		f.Class, f.Field = fault.Pause, "fingerprint"
		f.Message = fmt.Sprintf("the certificate of %s is not the one in the settings", c.place())
		f.Advice = "If Mplus renewed the certificate, enter its new fingerprint or leave it empty; otherwise ask Mplus before you go on."
	case errors.As(err, &name) && name.IsNotFound:
		f.Field, f.Message = "host", fmt.Sprintf("there is no server called %s", c.host)
		f.Advice = "Check the host in the settings of the connection."
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Field, f.Message = "port", fmt.Sprintf("nothing answers at %s: check the port MplusKASSA gave you", c.place())
		f.Advice = "It is tried again by itself: MplusKASSA also refuses connections while it is being updated."
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		f.Field, f.Message = "port", fmt.Sprintf("what answers at %s does not speak TLS", c.place())
		f.Advice = "Check the port MplusKASSA gave you."
	case errors.As(err, &host):
		f.Field, f.Message = "host", fmt.Sprintf("the certificate at %s belongs to another host", c.place())
		f.Advice = "Check the host, or enter the certificate's fingerprint if the server is your own."
	case errors.As(err, &certificate):
		f.Field, f.Message = "fingerprint", fmt.Sprintf("the certificate of %s is not trusted or no longer valid", c.place())
		f.Advice = "Ask Mplus; for a server of your own, enter the certificate's fingerprint."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		f.Message = fmt.Sprintf("MplusKASSA at %s did not answer within %s", c.place(), c.timeout)
	default:
		f.Message = fmt.Sprintf("the connection with MplusKASSA at %s was broken", c.place())
	}
	return f
}

// said is the server's own text, short and without what was sent.
func (c config) said(f *soap.Fault) string {
	text := strings.Join(strings.FieldsFunc(f.Text, func(r rune) bool { return r < ' ' }), " ")
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return c.scrub(text)
}

// scrub takes ident and secret out of a text, as they are and as an address spells them.
func (c config) scrub(text string) string {
	for _, secret := range []string{c.secret, c.ident} {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "•••")
			}
		}
	}
	return text
}

func requestID(err error) string {
	var (
		answer    *soap.Fault
		status    *soap.StatusError
		format    *soap.FormatError
		transport *soap.TransportError
	)
	switch {
	case errors.As(err, &answer):
		return answer.RequestID
	case errors.As(err, &status):
		return status.RequestID
	case errors.As(err, &format):
		return format.RequestID
	case errors.As(err, &transport):
		return transport.RequestID
	}
	return ""
}
