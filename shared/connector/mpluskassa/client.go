package mpluskassa

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// session is an open connection to one installation.
type session struct {
	config
	soap    *soap.Client
	now     func() time.Time
	log     *slog.Logger
	permits chan struct{} // one for each request that may run at a time
	old     atomic.Bool   // the service lacks getCurrentSyncMarkersV2
}

var (
	_ connector.Session = (*session)(nil)
	_ connector.Reader  = (*session)(nil)
)

func open(c connector.Config) (connector.Session, error) {
	parsed, err := parse(c.Settings)
	if err != nil {
		return nil, err
	}
	client, err := httpClient(c.HTTP, parsed)
	if err != nil {
		return nil, &fault.Error{Class: fault.Bug, Step: "open connection", Field: "fingerprint", Message: err.Error(), Err: err}
	}
	s := &session{config: parsed, now: c.Now, log: c.Log, permits: make(chan struct{}, parsed.concurrency)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.soap = &soap.Client{HTTP: client, URL: parsed.address(), Namespace: namespace, Now: s.now}
	return s, nil
}

// call makes one call and turns what goes wrong into a *fault.Error. step is what the owner would say we were doing.
func (s *session) call(ctx context.Context, step string, call soap.Call) (model.Tree, error) {
	select {
	case s.permits <- struct{}{}:
	case <-ctx.Done():
		return nil, s.failure(ctx, step, call, &soap.TransportError{Err: ctx.Err()})
	}
	tree, err := s.do(ctx, call)
	<-s.permits
	if err == nil {
		return tree, nil
	}
	f := s.failure(ctx, step, call, err)
	var refused *soap.Fault
	if f.Class == fault.Reject && errors.As(err, &refused) && (call.Operation == versionCall.Operation || s.credentialsRefused(ctx)) {
		pause := s.refusedCredentials(s.said(refused))
		pause.Step, pause.Detail, pause.Err = f.Step, f.Detail, f.Err
		f = pause
	}
	return nil, f
}

func (s *session) do(ctx context.Context, call soap.Call) (model.Tree, error) {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	reply, err := s.soap.Do(limited, call)
	if reply.Repaired > 0 {
		s.log.WarnContext(ctx, "MplusKASSA sent characters that XML does not allow; they were left out",
			slog.String("operation", call.Operation), slog.Int("characters", reply.Repaired))
	}
	return reply.Fields, err
}

// credentialsRefused asks what cannot be asked wrongly: if that is refused too, it is the credentials. Some servers do not
// say so in the code of their refusal.
func (s *session) credentialsRefused(ctx context.Context) bool {
	select {
	case s.permits <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	_, err := s.do(ctx, versionCall)
	<-s.permits
	var f *soap.Fault
	return errors.As(err, &f) && f.IsCode("Client")
}
