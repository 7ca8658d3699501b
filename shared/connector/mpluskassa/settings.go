package mpluskassa

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"apicenter/shared/connector"
)

// Defaults of the settings, and the bounds the maker's own clients keep.
const (
	defaultHost     = "api.mpluskassa.nl"
	defaultPageSize = 100
	// lateWindow is far beyond what a till's transaction takes: a counter is drawn when a sale is saved, and the sale is
	// visible when its transaction ends, seconds later at most. Reading two minutes again costs one request a run.
	lateWindow  = 2 * time.Minute
	timeout     = 60 * time.Second
	minTimeout  = 5 * time.Second
	maxTimeout  = 600 * time.Second
	maxPageSize = 1000
	concurrency = 2
)

// connectionSettings are what one installation is and how hard it may be used.
var connectionSettings = []connector.Setting{
	{Name: "host", Title: "Host", Default: defaultHost,
		Help: "Address of the MplusKASSA server; leave it as it is unless Mplus gave you another one."},
	{Name: "port", Title: "Port", Kind: connector.Integer, Required: true,
		Help: "The port number that Mplus gave you with the ident, usually five digits."},
	{Name: "ident", Title: "Ident", Required: true, Secret: true,
		Help: "The ident of the API user, from Mplus support or the partner page."},
	{Name: "secret", Title: "Secret", Required: true, Secret: true,
		Help: "The secret that belongs to the ident."},
	{Name: "currency", Title: "Currency", Default: "EUR", Advanced: true,
		Help: "Currency of all amounts (ISO code); MplusKASSA itself does not name one."},
	{Name: "tls", Title: "Encrypted connection", Kind: connector.Switch, Default: "true", Advanced: true,
		Help: "Leave on; it can only be off for a server on this machine."},
	{Name: "fingerprint", Title: "Certificate fingerprint", Advanced: true,
		Help: "SHA-256 or SHA-1 fingerprint of the server's certificate; when filled, that one certificate is accepted and no other."},
	{Name: "pageSize", Title: "Records per request", Kind: connector.Integer, Default: strconv.Itoa(defaultPageSize), Advanced: true,
		Help: "How many orders are asked for at a time, 1 to 1000."},
	{Name: "timeout", Title: "Longest request", Kind: connector.Duration, Default: timeout.String(), Advanced: true,
		Help: "How long one request may take, 5s to 10m."},
	{Name: "concurrency", Title: "Requests at a time", Kind: connector.Integer, Default: strconv.Itoa(concurrency), Advanced: true,
		Help: "The server is shared with the tills: 1 or 2 is friendly, 8 the most."},
	{Name: "lateWindow", Title: "Late changes", Kind: connector.Duration, Default: lateWindow.String(), Advanced: true,
		Help: "How long after a change the server may still make it visible; each run reads that much again."},
}

// The choices of flow settings.
const (
	documentsOrders   = "orders"
	documentsInvoices = "invoices"
	skuArticleNumber  = "articleNumber"
	skuPLUNumber      = "pluNumber"
	skuExtArticleID   = "extArticleId"
)

// startSetting lets an owner begin at a change counter, as MplusKASSA's own integrations do.
var startSetting = connector.Setting{Name: "syncMarker", Title: "First sync marker", Kind: connector.Integer, Default: "1", Advanced: true,
	Help: "Where a new flow begins to read; 1 reads everything there is."}

// skuSetting chooses the code an article goes by.
var skuSetting = connector.Setting{Name: "sku", Title: "Article code", Kind: connector.Choice, Default: skuArticleNumber,
	Choices: []string{skuArticleNumber, skuPLUNumber, skuExtArticleID},
	Help:    "Which code of an article is its SKU in the other system."}

// orderSettings are the settings of an orders flow.
var orderSettings = []connector.Setting{
	{Name: "documents", Title: "Read", Kind: connector.Choice, Default: documentsOrders, Choices: []string{documentsOrders, documentsInvoices},
		Help: "Whether orders or invoices are read; choose before the flow runs for the first time."},
	skuSetting,
	{Name: "branches", Title: "Branches",
		Help: "Numbers of the branches to read, separated by commas; empty reads all."},
	startSetting,
}

// productSettings are the settings of a products flow.
var productSettings = []connector.Setting{skuSetting, startSetting}

// customerSettings are the settings of a customers flow.
var customerSettings = []connector.Setting{startSetting}

// config is what the connection settings say.
type config struct {
	host, port    string
	ident, secret string
	tls           bool
	fingerprint   []byte
	pageSize      int
	timeout       time.Duration
	concurrency   int
	late          time.Duration
}

// parse checks the settings and reports all their problems at once.
func parse(given map[string]string) (config, error) {
	values, err := connector.Values(connectionSettings, given)
	if err != nil {
		return config{}, err
	}
	var problems []connector.Problem
	wrong := func(setting, format string, args ...any) {
		problems = append(problems, connector.Problem{Setting: setting, Message: fmt.Sprintf(format, args...)})
	}
	c := config{port: values["port"], ident: values["ident"], secret: values["secret"], tls: values["tls"] == "true"}
	host, port, ok := cleanHost(values["host"])
	c.host = host
	switch {
	case !ok:
		wrong("host", `"Host" must be a name such as %s`, defaultHost)
	case port != "" && port != c.port:
		wrong("host", `"Host" names another port than "Port"; leave the port out of it`)
	}
	number := func(setting string, low, high int64) int {
		n, err := strconv.ParseInt(values[setting], 10, 64)
		if err != nil || n < low || n > high {
			wrong(setting, "%q must be a whole number from %d to %d", title(setting), low, high)
		}
		return int(n)
	}
	span := func(setting string, low, high time.Duration) time.Duration {
		d, err := time.ParseDuration(values[setting])
		if err != nil || d < low || d > high {
			wrong(setting, "%q must be from %s to %s", title(setting), low, high)
		}
		return d
	}
	c.port = strconv.Itoa(number("port", 1, 65535))
	c.pageSize = number("pageSize", 1, maxPageSize)
	c.concurrency = number("concurrency", 1, 8)
	c.timeout = span("timeout", minTimeout, maxTimeout)
	c.late = span("lateWindow", 0, 24*time.Hour)
	if ok && !c.tls && !local(c.host) {
		wrong("tls", `"Encrypted connection" can only be off for a server on this machine: ident and secret would travel readable`)
	}
	if text := values["fingerprint"]; text != "" {
		if c.fingerprint, ok = parseFingerprint(text); !ok {
			wrong("fingerprint", `"Certificate fingerprint" must be 40 (SHA-1) or 64 (SHA-256) hexadecimal digits`)
		}
	}
	return c, connector.SettingsError(problems)
}

// address is the address calls go to. It holds the secret and is shown to nobody.
func (c config) address() string {
	u := url.URL{Scheme: "https", Host: net.JoinHostPort(c.host, c.port), Path: "/",
		RawQuery: url.Values{"ident": {c.ident}, "secret": {c.secret}}.Encode()}
	if !c.tls {
		u.Scheme = "http"
	}
	return u.String()
}

// place names the server to people.
func (c config) place() string { return net.JoinHostPort(c.host, c.port) }

// cleanHost reads a host as people paste it: with a scheme, a port, a path or a whole address with its query.
func cleanHost(text string) (host, port string, ok bool) {
	text = strings.TrimSpace(text)
	if _, rest, found := strings.Cut(text, "://"); found {
		text = rest
	}
	text = strings.TrimLeft(text, "/")
	if i := strings.IndexAny(text, "/?#"); i >= 0 {
		text = text[:i]
	}
	if net.ParseIP(text) != nil && strings.Contains(text, ":") { // a bare IPv6 address
		return text, "", true
	}
	u, err := url.Parse("//" + text)
	if err != nil {
		return "", "", false
	}
	host = strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == '%' || r == '@' || r > 0x7e }) {
		return "", "", false
	}
	return host, u.Port(), true
}

// local reports whether the host is this machine, or a name reserved for tests.
func local(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".test")
}

// parseFingerprint reads a fingerprint with or without colons and blanks.
func parseFingerprint(text string) ([]byte, bool) {
	text = strings.NewReplacer(":", "", " ", "", "-", "").Replace(text)
	b, err := hex.DecodeString(text)
	return b, err == nil && (len(b) == 20 || len(b) == 32)
}

func title(setting string) string {
	i := slices.IndexFunc(connectionSettings, func(s connector.Setting) bool { return s.Name == setting })
	return connectionSettings[i].Title
}

// flow is what the settings of one flow say.
type flow struct {
	documents string
	sku       string
	branches  []int64
	start     int64
}

// parseFlow reads the settings of a flow. Those that belong to others, such as the send side, are left alone.
func parseFlow(declared []connector.Setting, given map[string]string) (flow, error) {
	own := make(map[string]string, len(declared))
	for _, s := range declared {
		if v, ok := given[s.Name]; ok {
			own[s.Name] = v
		}
	}
	values, err := connector.Values(declared, own)
	if err != nil {
		return flow{}, err
	}
	f := flow{documents: values["documents"], sku: values["sku"]}
	var problems []connector.Problem
	for _, text := range strings.FieldsFunc(values["branches"], func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 1 {
			problems = append(problems, connector.Problem{Setting: "branches", Message: `"Branches" must be branch numbers separated by commas, such as 1, 2`})
			break
		}
		f.branches = append(f.branches, n)
	}
	if f.start, err = strconv.ParseInt(values["syncMarker"], 10, 64); err != nil || f.start < 0 {
		problems = append(problems, connector.Problem{Setting: "syncMarker", Message: `"First sync marker" must be 1 or more`})
	}
	return f, connector.SettingsError(problems)
}
