package afas

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"apicenter/infra/sandbox/internal/simhttp"
)

// Error numbers. Profit repeats them for unrelated causes.
const (
	numberValidation = -2147220469
	numberUnexpected = -2147180999
	numberNotAllowed = -2147180996
)

// fault is an answer other than success.
type fault struct {
	status int
	number int
	en, nl string
}

func (f *fault) Error() string { return f.en }

func invalid(en, nl string) *fault {
	return &fault{http.StatusInternalServerError, numberValidation, en, nl}
}

func missing(f *field) *fault {
	return invalid(fmt.Sprintf("'%s' must be filled.", f.en), fmt.Sprintf("'%s' moet worden gevuld.", f.nl))
}

func unknownValue(f *field) *fault {
	return invalid(fmt.Sprintf("The entered value for '%s' does not exist.", f.en),
		fmt.Sprintf("De ingevoerde waarde bij '%s' bestaat niet.", f.nl))
}

func wrongValue(f *field) *fault {
	return invalid(fmt.Sprintf("The entered value for '%s' is not valid.", f.en),
		fmt.Sprintf("De ingevoerde waarde bij '%s' is niet geldig.", f.nl))
}

func blockedValue(f *field, v string) *fault {
	return invalid(fmt.Sprintf("The value '%s' for '%s' is blocked.", v, f.en),
		fmt.Sprintf("De waarde '%s' bij '%s' is geblokkeerd.", v, f.nl))
}

func tooLong(f *field) *fault {
	return invalid(fmt.Sprintf("The value for '%s' is too long (max. %d).", f.en, f.length),
		fmt.Sprintf("De waarde bij '%s' is te lang (max. %d).", f.nl, f.length))
}

func exists(f *field, v string) *fault {
	return invalid(fmt.Sprintf("The number '%s' already exists for '%s'.", v, f.en),
		fmt.Sprintf("Het nummer '%s' bestaat al bij '%s'.", v, f.nl))
}

func ambiguous(f *field) *fault {
	return invalid(fmt.Sprintf("More than one record matches for '%s'.", f.en),
		fmt.Sprintf("Er voldoet meer dan één record bij '%s'.", f.nl))
}

func noField(name string) *fault {
	return &fault{http.StatusInternalServerError, numberUnexpected,
		fmt.Sprintf("Connector field '%s' not found", name), fmt.Sprintf("Connectorveld '%s' niet gevonden", name)}
}

func unexpected() *fault {
	return &fault{http.StatusInternalServerError, numberUnexpected,
		"An unexpected error has occurred.", "Er is een onverwachte fout opgetreden."}
}

func malformed() *fault {
	f := unexpected()
	f.status = http.StatusBadRequest
	return f
}

// english reports whether an answer to the request is in English.
func (s *Sandbox) english(r *http.Request) bool {
	lang := r.Header.Get("Accept-Language")
	if lang == "" {
		lang = s.opt.Language
	}
	return !strings.HasPrefix(strings.ToLower(lang), "nl")
}

// refuse writes a functional error.
func (s *Sandbox) refuse(w http.ResponseWriter, r *http.Request, f *fault) {
	text := f.nl
	if s.english(r) {
		text = f.en
	}
	writeJSON(w, f.status, struct {
		Message   string `json:"externalMessage"`
		Number    int    `json:"errorNumber"`
		Reference string `json:"profitLogReference"`
	}{text, f.number, s.logReference()})
}

// logReference makes up 32 upper-case hex digits.
func (s *Sandbox) logReference() string {
	n := s.errors.Add(1)
	return fmt.Sprintf("%016X%016X", n*0x9E3779B97F4A7C15, n*0xC2B2AE3D27D4EB4F)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	writeBody(w, status, b)
}

func writeBody(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// notFound is the answer to a wrong path or a query that is too long: the web
// server's, not Profit's.
func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte("<html><head><title>404 - File or directory not found.</title></head></html>"))
}

// WriteFault answers in Profit's forms. The kind fail takes turns between an
// unexpected error, an exceeded duration and maintenance.
func (s *Sandbox) WriteFault(w http.ResponseWriter, r *http.Request, kind string, retryAfter time.Duration) {
	s.headers(w)
	seconds := max(1, int(math.Ceil(retryAfter.Seconds())))
	switch kind {
	case simhttp.FaultDeny:
		w.WriteHeader(http.StatusForbidden)
	case simhttp.FaultThrottle:
		unavailable(w, http.StatusTooManyRequests, "Too many requests.", seconds)
	default:
		switch s.fails.Add(1) % 3 {
		case 1:
			s.refuse(w, r, unexpected())
		case 2:
			s.refuse(w, r, &fault{http.StatusInternalServerError, numberUnexpected,
				"The maximum duration for performing the assignment has been exceeded.",
				"De maximale tijdsduur voor het uitvoeren van de opdracht is verstreken."})
		default:
			unavailable(w, http.StatusServiceUnavailable, "Service temporarily unavailable due to scheduled maintenance. Please check afasstatus.nl for details.", seconds)
		}
	}
}

// unavailable is the form of the proxy in front of Profit.
func unavailable(w http.ResponseWriter, status int, message string, seconds int) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	type inner struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	writeJSON(w, status, struct {
		Error      inner `json:"error"`
		RetryAfter int   `json:"retry_after"`
	}{inner{strconv.Itoa(status), message}, seconds})
}
