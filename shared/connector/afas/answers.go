package afas

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"apicenter/shared/connector/internal/jsonhttp"
	"apicenter/shared/fault"
)

const (
	maintenanceWait = 5 * time.Minute
	throttleWait    = time.Minute
)

// said is what a writer wants to know of a refusal beside its class.
type said struct {
	unknown bool   // the write may have taken effect, or still take it
	label   string // what AFAS calls the field it refuses
	missing bool   // AFAS does not know the value
}

// Error says nothing: the words are in the fault.Error around it.
func (*said) Error() string { return "answer of AFAS" }

// refusal is the body of an answer that is no success.
type refusal struct {
	text   string
	number string
	log    string        // under which the administrator finds more in the environment's log
	wait   time.Duration // zero when none is named
}

// judge turns a complete answer into a failure, nil for a success. It is the one place where AFAS' answers become classes.
func (s *session) judge(x jsonhttp.Exchange) *fault.Error {
	if x.Status >= 200 && x.Status < 300 {
		return nil
	}
	r := readRefusal(x.Answer)
	f := &fault.Error{Detail: r.detail(x.Status)}
	what := &said{}
	f.Err = what
	write := x.Method != http.MethodGet
	name := x.Path[strings.LastIndexByte(x.Path, '/')+1:]
	wait, named := jsonhttp.RetryAfter(x.Header, s.now())
	if !named {
		wait = r.wait
	}
	switch x.Status {
	case http.StatusUnauthorized:
		f.Class = fault.Pause
		f.Message = "AFAS refuses the token: it is wrong, expired or withdrawn, or belongs to another environment"
		f.Advice = "Generate a new token in the app connector and enter it here."
		if name != "metainfo" {
			f.Message += fmt.Sprintf("; or %s is not on the app connector", name)
			f.Advice = fmt.Sprintf("Test the connection; if the token is good, put %s on the app connector in AFAS.", name)
		}
	case http.StatusForbidden:
		f.Class = fault.Pause
		f.Message = "address not allowed: AFAS admits this app connector from other addresses only"
		f.Advice = "Add this platform's outgoing address to the app connector's IP list in AFAS."
	case http.StatusNotFound:
		f.Class = fault.Pause
		f.Message = fmt.Sprintf("AFAS has nothing at this address (%s)", name)
		f.Advice = "Check the environment number and type of the connection, and the name of the connector."
	case http.StatusRequestEntityTooLarge:
		f.Class = fault.Reject
		f.Message = "the record is larger than AFAS takes"
		f.Advice = "Split the record in the source."
	case http.StatusTooManyRequests:
		f.Class, f.After = fault.Wait, wait
		if f.After <= 0 {
			f.After = throttleWait
		}
		f.Message = "AFAS asks for fewer calls"
		f.Advice = "It goes on by itself."
	case http.StatusServiceUnavailable:
		f.Class, f.After, f.Connection = fault.Wait, wait, true
		if f.After <= 0 {
			f.After = maintenanceWait
		}
		f.Message = "AFAS is not available just now, because of maintenance or for want of capacity"
		f.Advice = "It goes on by itself; afasstatus.nl tells about maintenance."
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusGatewayTimeout:
		// A proxy gave up waiting; what stands behind it may not have.
		f.Class, f.Connection, what.unknown = fault.Retry, true, write
		f.Message = "AFAS did not answer in time"
		f.Advice = "It is tried again by itself."
	default:
		s.judgeText(x.Status, r, name, write, f, what)
	}
	return f
}

// judgeText reads the class from the words of a functional error. AFAS uses status 500 for all of them, and its error numbers
// repeat for unrelated causes.
func (s *session) judgeText(status int, r refusal, name string, write bool, f *fault.Error, what *said) {
	for _, t := range refusals {
		m := t.pattern.FindStringSubmatch(r.text)
		if m == nil {
			continue
		}
		f.Class, what.unknown, what.missing = t.class, t.unknown && write, t.missing
		if write && t.record {
			f.Class = fault.Reject
		}
		f.Message, f.Advice = strings.ReplaceAll(t.message, "{connector}", name), t.advice
		if t.label > 0 {
			what.label = m[t.label]
			f.Field = what.label
			if known, ok := s.labels.field(what.label); ok {
				f.Field = known
			}
			f.Message = strings.ReplaceAll(f.Message, "{label}", what.label)
		}
		if t.quote {
			f.Message += ": " + r.quoted()
		}
		return
	}
	f.Class = fault.Reject
	f.Advice = "Correct the record, the mapping or AFAS, then send it again."
	switch {
	case r.text != "":
		f.Message = "AFAS refuses: " + r.quoted()
	case status >= 500:
		// Nobody of AFAS wrote this answer, so nobody said that nothing was done.
		f.Class, f.Connection, what.unknown = fault.Retry, true, write
		f.Message = "AFAS answered with an error it does not explain"
		f.Advice = "It is tried again by itself; afasstatus.nl tells about disturbances."
	case status >= 300 && status < 400:
		f.Class = fault.Pause
		f.Message = "AFAS refers us to another address"
		f.Advice = "Check the environment number and type of the connection."
	default:
		f.Class = fault.Bug
		f.Message = fmt.Sprintf("AFAS does not accept the form of the request to %s", name)
		f.Advice = "Send us this line."
	}
}

// known is a text AFAS is known to use, in English and Dutch.
type known struct {
	pattern         *regexp.Regexp
	class           fault.Class
	message, advice string
	label           int // the group of the pattern that holds the field's label
	missing         bool
	unknown         bool
	record          bool // in a write it concerns the record or its mapping, not the connection
	quote           bool // add AFAS' own words
}

const quoted = `['"‘’“”]([^'"‘’“”]+)['"‘’“”]`

var refusals = []known{
	{pattern: regexp.MustCompile(`(?is)(?:value for|waarde (?:voor|bij|van)) ` + quoted + `.*(?:does not exist|bestaat niet|niet bestaat)`), label: 1,
		class: fault.Reject, missing: true, message: "AFAS does not know the value given for \"{label}\"",
		advice: "Create it in AFAS, or give another value by a mapping, a value table or the settings."},
	{pattern: regexp.MustCompile(`(?i)connector field ` + quoted + ` not found|connectorveld ` + quoted + ` (?:is )?niet gevonden`),
		class: fault.Pause, record: true, message: "a column or field is missing in AFAS' {connector}", quote: true,
		advice: "Test the connection to see which; add it in AFAS, or name yours in the settings or the mapping."},
	{pattern: regexp.MustCompile(`(?i)not supported for this app|not authori[sz]ed|wordt niet ondersteund|niet geautoriseerd`),
		class: fault.Pause, message: "{connector} is not on the app connector, or its user has no right to it",
		advice: "Put {connector} on the app connector in AFAS and give its user group the right."},
	{pattern: regexp.MustCompile(`(?i)connector.*(?:definition|definitie)?.*(?:is blocked|is geblokkeerd)`),
		class: fault.Pause, message: "the definition of {connector} is blocked in AFAS",
		advice: "Ask the administrator of AFAS, or AFAS itself, to release it."},
	{pattern: regexp.MustCompile(`(?i)maximum duration|maximale tijdsduur|command timeout|timeout expired`), unknown: true,
		class: fault.Retry, message: "AFAS broke off the work because it took too long",
		advice: "It is looked up and tried again by itself."},
	{pattern: regexp.MustCompile(`(?i)out of memory|out of string space`),
		class: fault.Retry, message: "AFAS had too little memory for {connector}", advice: "It is tried again by itself."},
	{pattern: regexp.MustCompile(`(?i)blocked period|geblokkeerde periode|period.* is blocked|periode.* is geblokkeerd`),
		class: fault.Reject, message: "the date falls in a period that is closed in AFAS", quote: true,
		advice: "Open the period in AFAS or change the date, then send it again."},
	{pattern: regexp.MustCompile(`(?i)in use by|being used by|is locked|in gebruik (?:door|bij)|vergrendeld`),
		class: fault.Retry, message: "AFAS has this locked for somebody else just now", advice: "It is tried again by itself."},
	{pattern: regexp.MustCompile(`(?i)allocation code|verbijzonderings?code`),
		class: fault.Reject, message: "AFAS wants an allocation code", quote: true,
		advice: "Fill it by the mapping, or choose an account without allocation."},
	{pattern: regexp.MustCompile(`(?i)not balanced|niet in balans|(?:debit|debet).*credit.*(?:not equal|niet gelijk)`),
		class: fault.Reject, message: "AFAS finds that debit and credit of the entry differ",
		advice: "Compare the totals of the sale with its VAT amounts in the source."},
	{pattern: regexp.MustCompile(`(?is)` + quoted + `.*(?:must be filled|is mandatory|is required|is verplicht|moet (?:worden |zijn )?(?:in)?gevuld|moet een waarde)`), label: 1,
		class: fault.Reject, message: "AFAS wants a value for \"{label}\" and got none",
		advice: "Fill it in the source, by a mapping or with a default."},
	{pattern: regexp.MustCompile(`(?is)(?:value for|waarde (?:voor|bij|van)) ` + quoted + `.*(?:too long|te lang)`), label: 1,
		class: fault.Reject, message: "the value for \"{label}\" is longer than AFAS takes",
		advice: "Shorten it in the source or by a mapping."},
	{pattern: regexp.MustCompile(`(?is)already exists(?: for ` + quoted + `)?|bestaat al`),
		class: fault.Reject, message: "AFAS has a record with this number already", quote: true,
		advice: "Look it up in AFAS; if it is this record, dismiss the failure, otherwise change the number."},
	{pattern: regexp.MustCompile(`(?i)unexpected error|onverwachte fout`),
		class: fault.Retry, message: "AFAS met an unexpected error", advice: "It is tried again by itself; if it stays, the administrator finds the cause in AFAS' log."},
	{pattern: regexp.MustCompile(`(?i)invalid json`),
		class: fault.Bug, message: "AFAS cannot read the request", advice: "Send us this line."},
}

// readRefusal reads the body of an answer that is no success; what is not JSON says nothing.
func readRefusal(body []byte) refusal {
	var tree any
	if err := jsonhttp.Decode(body, &tree); err != nil {
		return refusal{}
	}
	top, ok := first(tree)
	if !ok {
		return refusal{}
	}
	r := refusal{text: leaf(top, "externalMessage"), number: leaf(top, "errorNumber"), log: leaf(top, "profitLogReference")}
	if r.text == "" {
		r.text = leaf(top, "message")
	}
	if inner, ok := fold(top, "error"); ok {
		if e, ok := first(inner); ok {
			if r.text == "" {
				r.text = leaf(e, "message")
			}
			if r.number == "" {
				r.number = leaf(e, "code")
			}
		} else if text, ok := inner.(string); ok && r.text == "" {
			r.text = text
		}
	}
	var seconds float64
	if _, err := fmt.Sscan(leaf(top, "retry_after"), &seconds); err == nil {
		r.wait = jsonhttp.Seconds(seconds)
	}
	return r
}

// leaf returns a value as text; one text of AFAS shows values wrapped in an object named "example".
func leaf(tree map[string]any, name string) string {
	v, _ := fold(tree, name)
	if wrapped, ok := v.(map[string]any); ok {
		v, _ = fold(wrapped, "example")
	}
	text, _ := plain(v)
	return strings.TrimSpace(text)
}

func (r refusal) detail(status int) string {
	d := fmt.Sprintf("HTTP %d", status)
	if r.number != "" {
		d += ", error " + shorten(r.number, 20)
	}
	if r.log != "" {
		d += ", Profit log " + shorten(r.log, 40)
	}
	return d
}

var address = regexp.MustCompile(`[^\s'"<>,;:]+@[^\s'"<>,;:]+`)

// quoted returns AFAS' own words, without e-mail addresses and bounded.
func (r refusal) quoted() string {
	return "“" + shorten(strings.Join(strings.Fields(address.ReplaceAllString(r.text, "…")), " "), 300) + "”"
}

func shorten(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return s
}
