package afas

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"apicenter/shared/connector"
)

// connectionSettings are asked once for each AFAS environment.
func connectionSettings() []connector.Setting {
	return []connector.Setting{
		{Name: "environment", Title: "Environment number", Required: true,
			Help: "The five digits of your AFAS environment, as in the web address 12345.rest.afas.online."},
		{Name: "type", Title: "Environment type", Kind: connector.Choice, Required: true, Default: typeProduction,
			Choices: []string{typeProduction, typeTest, typeAccept},
			Help:    "Which of your AFAS environments this is; each has app connectors and tokens of its own."},
		{Name: "token", Title: "Token", Required: true, Secret: true,
			Help: "The user token of the app connector, shown once when you generate it; with or without its XML tags."},
		{Name: "integrationId", Title: "Integration id", Advanced: true,
			Help: "The partner's integration id (12345_123456), when AFAS gave you one."},
		{Name: "language", Title: "Language of AFAS' messages", Kind: connector.Choice, Default: "en-us", Advanced: true,
			Choices: []string{"en-us", "nl-nl", "nl-be"},
			Help:    "The language AFAS explains its refusals in."},
		{Name: "concurrency", Title: "Calls at a time", Kind: connector.Integer, Default: "2", Advanced: true,
			Help: "How many calls run at a time, 1 to 5; AFAS asks for at most five over everything that uses the environment."},
		{Name: "timeout", Title: "Longest wait for an answer", Kind: connector.Duration, Default: "2m", Advanced: true,
			Help: "How long to wait for one answer."},
		{Name: "lateEffect", Title: "Longest late effect", Kind: connector.Duration, Default: "15m", Advanced: true,
			Help: "How long AFAS may still be working on a request nobody waits for any more; AFAS stops work after 900 seconds."},
		{Name: "baseURL", Title: "Address", Advanced: true,
			Help: "Replaces the address made of number and type; only AFAS' own hosts and this machine are allowed."},
		{Name: "ordersConnector", Title: "Orders look-up", Default: defaultOrders, Advanced: true,
			Help: "GetConnector that finds sales orders and direct invoices by their reference; Profit_Salesorders finds orders only."},
		{Name: "ordersColumns", Title: "Columns of the orders look-up", Advanced: true, Help: columnsHelp + "CustomerReference=RfCs."},
		{Name: "debtorsConnector", Title: "Debtors look-up", Default: defaultDebtors, Advanced: true,
			Help: "GetConnector that finds debtors by e-mail and number; Profit_Debtor knows the main e-mail address only."},
		{Name: "debtorsColumns", Title: "Columns of the debtors look-up", Advanced: true, Help: columnsHelp + "External=WebshopId."},
		{Name: "itemsConnector", Title: "Items look-up", Default: "Profit_Article", Advanced: true,
			Help: "GetConnector that finds articles by their code."},
		{Name: "itemsColumns", Title: "Columns of the items look-up", Advanced: true, Help: columnsHelp + "ItemCode=Code."},
		{Name: "transactionsConnector", Title: "Journal entries look-up", Default: "Profit_Transactions", Advanced: true,
			Help: "GetConnector that finds journal entries by document number; needed for financial mutations only."},
		{Name: "transactionsColumns", Title: "Columns of the journal entries look-up", Advanced: true,
			Help: columnsHelp + "VoucherNo=DocumentNo."},
		{Name: "administrationsConnector", Title: "Administrations look-up", Default: "Profit_Administrations", Advanced: true,
			Help: "GetConnector that lists administrations, to check the setting when testing."},
		{Name: "accountsConnector", Title: "Accounts look-up", Default: "Profit_Accounts", Advanced: true,
			Help: "GetConnector that lists ledger accounts, to check the settings when testing."},
		{Name: "paymentConditionsConnector", Title: "Payment conditions look-up", Default: "Webshop_PaymentConditions", Advanced: true,
			Help: "GetConnector that lists payment conditions, to check the setting when testing."},
		{Name: "vatGroupsConnector", Title: "VAT tariff groups look-up", Default: "Webshop_VatGroups", Advanced: true,
			Help: "GetConnector that lists VAT tariff groups, to check the default value table when testing."},
	}
}

const (
	typeProduction = "production"
	typeTest       = "test"
	typeAccept     = "accept"

	columnsHelp = "Where your columns have other names: ours=yours, with commas between; such as "
)

// options are the connection settings in the form the session uses.
type options struct {
	environment, kind                                string
	base                                             string
	token                                            token
	integrationID                                    string
	language                                         string
	concurrency                                      int
	timeout                                          time.Duration
	lateEffect                                       time.Duration
	orders, debtors, items, transactions             source
	administrations, accounts, conditions, vatGroups source
}

var (
	fiveDigits    = regexp.MustCompile(`(?:^|\D)([1-9]\d{4})(?:\D|$)`)
	integrationID = regexp.MustCompile(`^\d{5}_\d{1,10}$`)
)

// parseOptions reads the settings; all problems are reported at once.
func parseOptions(given map[string]string) (options, error) {
	v, err := connector.Values(connectionSettings(), given)
	if err != nil {
		return options{}, err
	}
	o := options{kind: v["type"], language: v["language"], integrationID: v["integrationId"]}
	var problems []connector.Problem
	bad := func(setting, message string) {
		problems = append(problems, connector.Problem{Setting: setting, Message: message})
	}
	if m := fiveDigits.FindAllStringSubmatch(v["environment"], -1); len(m) == 1 {
		o.environment = m[0][1]
		o.base = "https://" + o.environment + "." + hostWord(o.kind) + ".afas.online" + restPath
	} else {
		bad("environment", "\"Environment number\" must be the five digits of your AFAS environment, such as 12345")
	}
	if v["baseURL"] != "" {
		if base, message := cleanBase(v["baseURL"]); message != "" {
			bad("baseURL", message)
		} else {
			o.base = base
		}
	}
	if o.token, err = parseToken(v["token"]); err != nil {
		bad("token", err.Error())
	}
	if o.integrationID != "" && !integrationID.MatchString(o.integrationID) {
		bad("integrationId", "\"Integration id\" must look like 12345_123456")
	}
	if o.concurrency, err = strconv.Atoi(v["concurrency"]); err != nil || o.concurrency < 1 || o.concurrency > 5 {
		bad("concurrency", "\"Calls at a time\" must be between 1 and 5: AFAS asks for at most five")
	}
	if o.timeout, err = time.ParseDuration(v["timeout"]); err != nil || o.timeout < time.Millisecond || o.timeout > serverLimit {
		bad("timeout", "\"Longest wait for an answer\" must be more than nothing and at most 15m")
	}
	if o.lateEffect, err = time.ParseDuration(v["lateEffect"]); err != nil || o.lateEffect < 0 || o.lateEffect > 24*time.Hour {
		bad("lateEffect", "\"Longest late effect\" must be between 0s and 24h")
	}
	for _, s := range sources(&o) {
		made, message := s.open(v[s.setting+"Connector"], v[s.setting+"Columns"])
		if message != "" {
			bad(s.setting+"Columns", message)
		}
		*s.into = made
	}
	return o, connector.SettingsError(problems)
}

func hostWord(kind string) string {
	switch kind {
	case typeTest:
		return "resttest"
	case typeAccept:
		return "restaccept"
	}
	return "rest"
}

const restPath = "/ProfitRestServices"

// cleanBase accepts an address on AFAS' own hosts or on this machine, so that a slip cannot send the token elsewhere.
func cleanBase(text string) (base, problem string) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return "", "\"Address\" is not a web address"
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	loopback := host == "localhost" || ip != nil && ip.IsLoopback()
	vendor := strings.HasSuffix(host, ".afas.online") || strings.HasSuffix(host, ".afasonlineconnector.nl")
	switch {
	case !loopback && !vendor:
		return "", "\"Address\" must be a host of AFAS (….afas.online or ….afasonlineconnector.nl)"
	case !loopback && u.Scheme != "https", u.Scheme != "https" && u.Scheme != "http":
		return "", "\"Address\" must begin with https://"
	}
	path := strings.TrimRight(u.Path, "/")
	if path == "" {
		path = restPath
	}
	return u.Scheme + "://" + u.Host + path, ""
}
