package mpluskassa

import (
	"context"
	"fmt"
	"strings"

	"apicenter/shared/connector"
	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// oldestService is the first service whose limits count what we think they count.
const oldestService = 10

var versionShape = soap.Object("getApiVersionResponse", "",
	soap.Number("majorNumber", "", ""), soap.Number("minorNumber", "", ""), soap.Number("revisionNumber", "", ""),
	soap.Number("serviceMajorNumber", "", ""), soap.Number("serviceMinorNumber", "", ""), soap.Number("serviceRevisionNumber", "", ""),
	soap.Number("serviceMaxWorkerThreads", "", ""), soap.Bool("isSlaveApi", "", ""))

var versionCall = soap.Call{Operation: "getApiVersion", Reply: "getApiVersionResponse", Shape: versionShape}

// Verify asks for the version, which proves the address, and for the change counters, which proves ident and secret.
func (s *session) Verify(ctx context.Context) (connector.Report, error) {
	const step = "test connection"
	version, err := s.call(ctx, step, versionCall)
	if err != nil {
		return connector.Report{}, err
	}
	protocol := [3]int64{whole(version["majorNumber"]), whole(version["minorNumber"]), whole(version["revisionNumber"])}
	if !known(protocol) {
		return connector.Report{}, &fault.Error{Class: fault.Pause, Step: step,
			Message: fmt.Sprintf("MplusKASSA at %s speaks version %s of its interface, which is not known here", s.place(), dotted(protocol)),
			Advice:  "Check host and port; if they are right, ask us for an update."}
	}
	if _, _, err := s.counter(ctx, step, "Order"); err != nil {
		return connector.Report{}, err
	}
	return s.report(version), nil
}

func (s *session) report(version model.Tree) connector.Report {
	r := connector.Report{Summary: "MplusKASSA at " + s.place()}
	if major := whole(version["serviceMajorNumber"]); major > 0 {
		r.Summary += ", service " + dotted([3]int64{major, whole(version["serviceMinorNumber"]), whole(version["serviceRevisionNumber"])})
		if major < oldestService {
			r.Warnings = append(r.Warnings, fmt.Sprintf("Service %d of MplusKASSA is old: products may be read more slowly. Ask Mplus for an update.", major))
		}
	}
	if s.old.Load() {
		r.Warnings = append(r.Warnings, "This installation does not know every request we would use; the older ones are used instead. Ask Mplus for an update.")
	}
	if version["isSlaveApi"] == true {
		r.Warnings = append(r.Warnings, "This is the server of one branch, with a copy of the data that may lag behind; use the central server's port if there is one.")
	}
	if threads := whole(version["serviceMaxWorkerThreads"]); threads > 0 && threads <= int64(s.concurrency) {
		r.Warnings = append(r.Warnings, fmt.Sprintf("The server answers %d requests at a time, tills included; set requests at a time to 1.", threads))
	}
	return r
}

// known reports whether the protocol is one of those the maker's own clients accept.
func known(v [3]int64) bool {
	return v[0] == 1 && v[1] == 0 || v[0] == 0 && v[1] == 9 && v[2] >= 9
}

func dotted(v [3]int64) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(v)), "."), "[]")
}

var countersShape = soap.Object("getCurrentSyncMarkersResponse", "",
	soap.Number("orderSyncMarker", "", ""), soap.Number("invoiceSyncMarker", "", ""),
	soap.Number("articleSyncMarker", "", ""), soap.Number("relationSyncMarker", "", ""))

// counter returns the present change counter of an entity: Order, Invoice, Article or Relation. ok is false when the
// installation does not tell.
func (s *session) counter(ctx context.Context, step, entity string) (marker int64, ok bool, err error) {
	name := strings.ToLower(entity[:1]) + entity[1:] + "SyncMarker"
	if !s.old.Load() {
		counters, err := s.call(ctx, step, soap.Call{
			Operation: "getCurrentSyncMarkersV2", Reply: "GetCurrentSyncMarkersV2Response", Shape: countersShape,
			Args: func(w *soap.Writer) { w.Object("request", func() { w.Bool("include"+entity+"SyncMarker", true) }) },
		})
		if err == nil {
			marker, ok = number(counters[name])
			return marker, ok, nil
		}
		if fault.ClassOf(err) != fault.Reject {
			return 0, false, err
		}
		// An older installation does not know the request; its predecessor answers every counter.
	}
	counters, err := s.call(ctx, step, soap.Call{Operation: "getCurrentSyncMarkers", Reply: "getCurrentSyncMarkersResponse", Shape: countersShape})
	if err != nil {
		return 0, false, err
	}
	s.old.Store(true)
	marker, ok = number(counters[name])
	return marker, ok, nil
}
