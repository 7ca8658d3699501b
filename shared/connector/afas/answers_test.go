package afas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/connector"
	"apicenter/shared/connector/internal/jsonhttp"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// answering opens a session with a server that gives one answer to everything.
func answering(t testing.TB, handler http.HandlerFunc) *session {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return opened(t, s.URL)
}

func opened(t testing.TB, base string) *session {
	t.Helper()
	return logged(t, base, nil)
}

func logged(t testing.TB, base string, log *slog.Logger) *session {
	t.Helper()
	s, err := open(connector.Config{Log: log, HTTP: &http.Client{Transport: &http.Transport{}}, Now: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) },
		Settings: map[string]string{"environment": "12345", "type": "test", "token": digits64, "baseURL": base, "timeout": "5s"}})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*session)
}

func order() connector.Document {
	return connector.Document{Kind: model.Orders, Type: "order", Key: "POS-1", Reference: "POS-1", Customer: "10280", Fields: model.Tree{
		"Unit": decimal.One, "Re": "Ring at Mrs Berg's", "lines": []any{model.Tree{"ItCd": "5001", "BiUn": "STK", "QuUn": decimal.One}}}}
}

func functional(text string) string {
	return fmt.Sprintf(`{"externalMessage":%q,"errorNumber":-2147220469,"profitLogReference":"0A1B2C3D4E5F60718293A4B5C6D7E8F9"}`, text)
}

// Every answer AFAS is known to give, and what follows from it.
func TestAnswersBecomeClasses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		header  map[string]string
		class   fault.Class
		field   string
		says    string
		unknown bool
		after   time.Duration
	}{
		{name: "unknown value", status: 500, body: functional("The entered value for 'Warehouse' does not exist."), class: fault.Reject, field: "warehouse", says: "Warehouse"},
		{name: "unknown value, Dutch", status: 500, body: functional("De ingevoerde waarde voor 'Magazijn' bestaat niet."), class: fault.Reject, field: "warehouse", says: "Magazijn"},
		{name: "unknown value of an unknown field", status: 500, body: functional("The entered value for 'Gadget' does not exist."), class: fault.Reject, field: "Gadget"},
		{name: "field code", status: 500, body: functional("Connector field 'Xyz' not found"), class: fault.Reject, says: "FbSales"},
		{name: "not on the app connector", status: 500, body: functional("General message: Deze UpdateConnector wordt niet ondersteund of de gebruiker is niet geautoriseerd."), class: fault.Pause, says: "FbSales"},
		{name: "not supported", status: 500, body: functional("GetConnector not supported for this app or the user is not authorized"), class: fault.Pause, says: "FbSales"},
		{name: "definition blocked", status: 500, body: functional("This GetConnector (definition) is blocked"), class: fault.Pause, says: "blocked"},
		{name: "unexpected", status: 500, body: functional("An unexpected error has occurred."), class: fault.Retry},
		{name: "memory", status: 500, body: functional("Out of String space"), class: fault.Retry},
		{name: "too long work", status: 500, body: functional("The maximum duration for performing the assignment has been exceeded."), class: fault.Retry, unknown: true},
		{name: "too long work, Dutch", status: 500, body: functional("De maximale tijdsduur voor het uitvoeren van de opdracht is verstreken."), class: fault.Retry, unknown: true},
		{name: "command timeout", status: 500, body: functional("Command timeout expired."), class: fault.Retry, unknown: true},
		{name: "locked", status: 500, body: functional("The journal is in use by another user."), class: fault.Retry},
		{name: "locked, Dutch", status: 500, body: functional("Het dagboek is in gebruik door een andere gebruiker."), class: fault.Retry},
		{name: "closed period", status: 500, body: functional("Date '01-02-2026' belongs to a blocked period"), class: fault.Reject, says: "01-02-2026"},
		{name: "allocation", status: 500, body: functional("Allocation code for axis 1 must be filled"), class: fault.Reject, says: "allocation"},
		{name: "missing", status: 500, body: functional("'Payment condition' must be filled."), class: fault.Reject, field: "paymentTerms"},
		{name: "missing, Dutch", status: 500, body: functional("'Betalingsvoorwaarde' moet gevuld zijn."), class: fault.Reject, field: "paymentTerms"},
		{name: "too long", status: 500, body: functional("The value for 'Item code' is too long (max. 40)."), class: fault.Reject, field: "lines[].sku"},
		{name: "number taken", status: 500, body: functional("The number '60001234' already exists for 'Number'."), class: fault.Reject, says: "already"},
		{name: "unbalanced", status: 500, body: functional("The entry is not balanced."), class: fault.Reject, says: "debit"},
		{name: "other words", status: 500, body: functional("Something only this environment says"), class: fault.Reject, says: "Something only"},
		{name: "bad JSON", status: 400, body: `{"message":"Invalid json"}`, class: fault.Bug},
		{name: "bad JSON as 500", status: 500, body: `{"message":"Invalid json"}`, class: fault.Bug},
		{name: "bad request without words", status: 400, class: fault.Bug},
		{name: "no words", status: 500, body: "<html>Internal Server Error</html>", class: fault.Retry, unknown: true},
		{name: "unauthorised", status: 401, class: fault.Pause, says: "FbSales"},
		{name: "address", status: 403, body: "<html></html>", class: fault.Pause, says: "address"},
		{name: "nothing there", status: 404, class: fault.Pause, says: "nothing at this address"},
		{name: "too large", status: 413, class: fault.Reject},
		{name: "throttled", status: 429, header: map[string]string{"Retry-After": "30"}, class: fault.Wait, after: 30 * time.Second},
		{name: "throttled without a time", status: 429, class: fault.Wait, after: time.Minute},
		{name: "maintenance by header", status: 503, header: map[string]string{"Retry-After": "7200"}, class: fault.Wait, after: 2 * time.Hour},
		{name: "maintenance by body", status: 503, body: `{"error":{"code":"503","message":"maintenance"},"retry_after":600}`, class: fault.Wait, after: 10 * time.Minute},
		{name: "maintenance wrapped", status: 503, body: `{"error":{"code":{"example":"503"},"message":{"example":"x"}},"retry_after":{"example":60}}`, class: fault.Wait, after: time.Minute},
		{name: "maintenance without a time", status: 503, class: fault.Wait, after: 5 * time.Minute},
		{name: "gateway", status: 502, class: fault.Retry, unknown: true},
		{name: "gateway timeout", status: 504, class: fault.Retry, unknown: true},
		{name: "redirect", status: 302, header: map[string]string{"Location": "https://elsewhere.example/"}, class: fault.Pause},
		{name: "success that cannot be read", status: 201, body: `{"results":{"FbSales`, class: fault.Retry, unknown: true},
		{name: "success in another language", status: 200, body: "<html>log in</html>", class: fault.Retry, unknown: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := answering(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				for k, v := range tt.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			out, err := s.Write(t.Context(), model.Orders, []connector.Document{order()})
			if err != nil {
				t.Fatal(err)
			}
			f := fault.As(out[0].Err)
			if f == nil {
				t.Fatalf("got success %+v", out[0])
			}
			if f.Class != tt.class || out[0].Unknown != tt.unknown || out[0].NotStarted || f.After != tt.after {
				t.Errorf("got class %v, unknown %v, not started %v, after %v: %v", f.Class, out[0].Unknown, out[0].NotStarted, f.After, f)
			}
			if f.Field != tt.field || !strings.Contains(f.Message, tt.says) || f.Message == "" || f.Advice == "" || f.Step == "" {
				t.Errorf("got %+v", f)
			}
			if strings.Contains(tt.body, "profitLogReference") && !strings.Contains(f.Detail, "0A1B2C3D4E5F60718293A4B5C6D7E8F9") {
				t.Errorf("got detail %q", f.Detail)
			}
		})
	}
}

// An environment's own labels are learned from its description of the write object.
func TestLabelsAreLearned(t *testing.T) {
	asked := 0
	s := answering(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/metainfo/update/FbSales") {
			asked++
			_, _ = io.WriteString(w, `{"fields":[{"fieldId":"OrNu","label":"Nr."}],"objects":[{"name":"FbSalesLines","fields":[{"fieldId":"BiUn","label":"Verpakking"}]}]}`)
			return
		}
		w.WriteHeader(500)
		_, _ = io.WriteString(w, functional("De ingevoerde waarde voor 'Verpakking' bestaat niet."))
	})
	for range 2 {
		out, err := s.Write(t.Context(), model.Orders, []connector.Document{order()})
		if err != nil || fault.As(out[0].Err).Field != "lines[].unit" {
			t.Errorf("got %v, %v", out[0].Err, err)
		}
	}
	if asked != 1 {
		t.Errorf("the description was read %d times, want once", asked)
	}
}

// Neither the token nor personal data stand in any text, whatever AFAS repeats.
func TestNothingSecretIsTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, functional("Refused: Anna Berg, anna@proef.example, Dorpsstraat, 0612345678, token "+r.Header.Get("Authorization")+" "+digits64))
	}))
	defer server.Close()
	var lines bytes.Buffer
	s := logged(t, server.URL, slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})))
	d := connector.Document{Kind: model.Customers, Type: typePerson, Fields: model.Tree{"CuId": "EUR", "PaCd": "14", "ColA": "1300",
		"person":  model.Tree{"LaNm": "Berg", "FiNm": "Anna", "EmAd": "anna@proef.example", "MbN2": "0612345678"},
		"address": model.Tree{"country": "NL", "Ad": "Dorpsstraat", "Rs": "Proefdorp"}}}
	out, err := s.Write(t.Context(), model.Customers, []connector.Document{d})
	if err != nil || out[0].Err == nil {
		t.Fatal(out, err)
	}
	_, findErr := s.Find(t.Context(), model.Customers, []connector.Query{{Key: "anna@proef.example"}})
	if findErr == nil {
		t.Fatal("got no error")
	}
	texts := []string{out[0].Err.Error(), fault.As(out[0].Err).Advice, string(out[0].Answer), fmt.Sprintf("%+v", out[0].Err)}
	for _, text := range texts {
		if strings.Contains(text, digits64) || strings.Contains(text, s.o.token.base64()) {
			t.Errorf("the token stands in %s", text)
		}
	}
	if strings.Contains(findErr.Error(), "anna@") {
		t.Errorf("the address that was looked up stands in %v", findErr)
	}
	if !strings.Contains(lines.String(), "KnSalesRelationPer") {
		t.Fatalf("nothing was logged: %s", lines.String())
	}
	texts[2], texts[3] = lines.String(), fault.As(findErr).Detail
	for _, text := range texts {
		if strings.Contains(text, digits64) || strings.Contains(text, s.o.token.base64()) {
			t.Errorf("the token stands in %s", text)
		}
		for _, private := range []string{"Anna", "Berg", "anna@", "Dorpsstraat", "0612345678"} {
			if strings.Contains(text, private) {
				t.Errorf("%q stands in %s", private, text)
			}
		}
	}
}

// What was never sent is not started; what was sent and not answered is unknown.
func TestTransportFailures(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + l.Addr().String()
	_ = l.Close()
	out, err := opened(t, closed).Write(t.Context(), model.Orders, []connector.Document{order(), order()})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out {
		if f := fault.As(o.Err); !o.NotStarted || o.Unknown || f.Class != fault.Retry || !f.Connection || o.Sent != nil {
			t.Errorf("refused: got %+v", o)
		}
	}
	for name, answer := range map[string]string{"nothing": "", "half an answer": "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{\"results"} {
		s := answering(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(c, answer)
			_ = c.Close()
		})
		out, err := s.Write(t.Context(), model.Orders, []connector.Document{order()})
		if err != nil || !out[0].Unknown || out[0].NotStarted || len(out[0].Sent) == 0 || !fault.As(out[0].Err).Connection {
			t.Errorf("%s: got %+v, %v", name, out, err)
		}
	}
}

func TestDocumentsThatCannotBeSent(t *testing.T) {
	s := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request was sent: %s %s", r.Method, r.URL.Path)
	})
	for name, tt := range map[string]struct {
		change func(*connector.Document)
		field  string
	}{
		"no reference":        {func(d *connector.Document) { d.Reference = "" }, "number"},
		"long reference":      {func(d *connector.Document) { d.Reference = strings.Repeat("x", 101) }, "number"},
		"no customer":         {func(d *connector.Document) { d.Customer = "" }, "customer"},
		"no administration":   {func(d *connector.Document) { delete(d.Fields, "Unit") }, "administration"},
		"half administration": {func(d *connector.Document) { d.Fields["Unit"] = "1.5" }, "Unit, administration"},
		"no lines":            {func(d *connector.Document) { delete(d.Fields, "lines") }, "lines"},
		"lines are no list":   {func(d *connector.Document) { d.Fields["lines"] = "x" }, "lines"},
		"unknown field":       {func(d *connector.Document) { d.Fields["Xyz"] = "1" }, "Xyz"},
		"free field":          {func(d *connector.Document) { d.Fields["free"] = model.Tree{"U1": "1"} }, "free.U1"},
		"date":                {func(d *connector.Document) { d.Fields["OrDa"] = "24-10-2026" }, "OrDa"},
		"yes or no":           {func(d *connector.Document) { d.Fields["InVa"] = "maybe" }, "InVa"},
		"number":              {func(d *connector.Document) { d.Fields["Rate"] = "1,5" }, "Rate"},
		"update":              {func(d *connector.Document) { d.ID = "60001234" }, ""},
		"type":                {func(d *connector.Document) { d.Type = "quotation" }, ""},
		"charge without item": {func(d *connector.Document) { d.Fields["costs"] = []any{model.Tree{"Upri": "1"}} }, "costs[0].ItCd"},
	} {
		t.Run(name, func(t *testing.T) {
			d := order()
			tt.change(&d)
			out, err := s.Write(t.Context(), model.Orders, []connector.Document{d})
			if err != nil {
				t.Fatal(err)
			}
			if f := fault.As(out[0].Err); f == nil || f.Class != fault.Reject || !out[0].NotStarted || f.Field != tt.field {
				t.Errorf("got %+v", f)
			}
		})
	}
	if _, err := s.Write(t.Context(), model.Stock, nil); fault.ClassOf(err) != fault.Bug {
		t.Errorf("got %v", err)
	}
	if _, err := s.Find(t.Context(), model.Prices, nil); fault.ClassOf(err) != fault.Bug {
		t.Errorf("got %v", err)
	}
}

func TestTextsAreCutOnRunes(t *testing.T) {
	b := &builder{zone: time.UTC}
	tree := model.Tree{"Ds": strings.Repeat("é", 300), "ItCd": "00123"}
	got := b.pairs("lines[0].", tree, lineFields)
	if v, _ := valueOf(got, "Ds").(string); v != strings.Repeat("é", 255) || valueOf(got, "ItCd") != "00123" {
		t.Errorf("got %d runes", len([]rune(v)))
	}
	if len(b.warnings) != 1 || !strings.Contains(b.warnings[0], "lines[0].Ds") || strings.Contains(b.warnings[0], "é") {
		t.Errorf("got warnings %q", b.warnings)
	}
}

func TestHouseNumbers(t *testing.T) {
	for given, want := range map[string][3]string{
		"12": {"12", "", "Straat"}, "12A": {"12", "A", "Straat"}, "12-14 bis": {"12", "-14 bis", "Straat"}, "A12": {"", "", "Straat A12"},
		"99999999999": {"", "", "Straat 99999999999"}, "": {"", "", "Straat"},
	} {
		b := &builder{zone: time.UTC}
		got := b.addressPairs("address.", model.Tree{"country": "NL", "Ad": "Straat", "HmNr": given, "Rs": "Dorp"}, addressFields)
		number := ""
		if n, ok := valueOf(got, "HmNr").(int64); ok {
			number = fmt.Sprint(n)
		}
		addition, _ := valueOf(got, "HmAd").(string)
		if number != want[0] || addition != want[1] || valueOf(got, "Ad") != want[2] || len(b.problems) > 0 {
			t.Errorf("%q: got %q %q %v, want %q; %v", given, number, addition, valueOf(got, "Ad"), want, b.problems)
		}
		if bent := given != "12" && given != ""; bent != (len(b.warnings) == 1) {
			t.Errorf("%q: got warnings %q", given, b.warnings)
		}
	}
}

func TestRecordedAnswers(t *testing.T) {
	for file, want := range map[string]keys{
		"sales.answer.json": {"ornu": "60001234"}, "relation-bare.answer.json": {"dbid": "10280", "bcco": "1000601", "bcid": "801"},
		"entries-bare.answer.json": {"unid": "1", "enno": "4711", "inid": "V0001"}, "entries.answer.json": {"unid": "1", "enno": "4711", "inid": "W250045"},
		"list.answer.json": {"ornu": "60001234"}, "empty-object.answer.json": {}, "empty.answer.json": {},
	} {
		body, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		name := map[string]string{"s": "FbSales", "r": "KnSalesRelationOrg", "e": "FiEntries", "l": "FbSales"}[file[:1]]
		got, err := readKeys(body, name)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, %v, want %v", file, got, err, want)
		}
	}
	body, err := os.ReadFile(filepath.Join("testdata", "refusal.answer.json"))
	if err != nil {
		t.Fatal(err)
	}
	if r := readRefusal(body); r.text != "The entered value for 'Item code' does not exist." || r.number != "-2147220469" || r.log == "" {
		t.Errorf("got %+v", r)
	}
}

// Whatever comes as an answer, reading it ends and the outcome says what it has to.
func FuzzAnswers(f *testing.F) {
	files, err := filepath.Glob("testdata/*.answer.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(500, body)
		f.Add(201, body)
	}
	f.Add(503, []byte(`{"retry_after":1e99}`))
	s := &session{now: time.Now}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		x := jsonhttp.Exchange{Method: "POST", Path: "/connectors/FbSales", Status: status, Answer: body, Reached: true, Complete: true}
		fe := s.judge(x)
		if ok := status >= 200 && status < 300; ok != (fe == nil) {
			t.Fatalf("status %d: got %v", status, fe)
		}
		if fe != nil {
			var what *said
			if fe.Message == "" || fe.Advice == "" || fe.Class == fault.Unclassified || !errors.As(fe, &what) || len(fe.Detail) > 300 {
				t.Fatalf("got %+v", fe)
			}
			if fe.Class == fault.Wait && (fe.After <= 0 || fe.After > 24*time.Hour) {
				t.Fatalf("got wait of %v", fe.After)
			}
		}
		for k, v := range must(readKeys(body, "FbSales")) {
			if k != strings.ToLower(k) || strings.TrimSpace(v) == "" {
				t.Fatalf("got key %q %q", k, v)
			}
		}
	})
}

func must(k keys, _ error) keys { return k }

func TestPagesAreFollowed(t *testing.T) {
	calls := 0
	s := answering(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		n := pageRows
		if strings.Contains(r.URL.RawQuery, "skip=1000") {
			n = 1
		}
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"OrderNumber":"%d-%d","CustomerReference":"A"}`, calls, i)
		}
		_, _ = io.WriteString(w, `{"skip":0,"take":1000,"rows":[`+strings.Join(rows, ",")+`]}`)
	})
	found, err := s.Find(context.Background(), model.Orders, []connector.Query{{Reference: "A"}})
	if err != nil || calls != 2 || len(found[0].Matches) != pageRows+1 {
		t.Errorf("got %d matches in %d calls, %v", len(found[0].Matches), calls, err)
	}
}

// An environment whose tariff groups mean something else is told before the first wrong invoice.
func TestTariffGroupsAreCompared(t *testing.T) {
	s := answering(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/metainfo"):
			_, _ = io.WriteString(w, `{"updateConnectors":[{"id":"FbSales"},{"id":"KnSalesRelationOrg"},{"id":"KnSalesRelationPer"}],
				"getConnectors":[{"id":"Webshop_Orders"},{"id":"Webshop_Debtors"},{"id":"Profit_Article"},{"id":"Webshop_VatGroups"}],
				"info":{"envid":"T12345AA","appName":"Till","group":"x","tokenExpiry":null}}`)
		case strings.Contains(r.URL.Path, "/metainfo/get/"):
			_, _ = io.WriteString(w, `{"fields":[{"id":"ordernumber"},{"id":"CustomerReference"},{"id":"OrderDate"},{"id":"DebtorId"},{"id":"TotalIncl"},{"id":"Name"},
				{"id":"Email"},{"id":"EmailWork"},{"id":"EmailPrivate"},{"id":"Blocked"},{"id":"CreateDate"},{"id":"ItemCode"},{"id":"Description"},{"id":"UnitId"}]}`)
		default:
			_, _ = io.WriteString(w, `{"rows":[{"VatGroup":"1","VatPerc":9.0000000000},{"VatGroup":"2","VatPerc":21.0},{"VatGroup":"3","VatPerc":0},{"VatGroup":"9","VatPerc":4}]}`)
		}
	})
	report, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(report.Warnings, "\n")
	if !strings.Contains(text, "group 1 is 9 %") || !strings.Contains(text, "group 2 is 21 %") || strings.Contains(text, "group 3") || !strings.Contains(text, "FiEntries") {
		t.Errorf("got warnings %s", text)
	}
}
