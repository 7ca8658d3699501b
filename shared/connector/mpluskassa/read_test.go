package mpluskassa

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

var (
	syncMarker = regexp.MustCompile(`<syncMarker>(\d+)</syncMarker>`)
	syncLimit  = regexp.MustCompile(`<syncMarkerLimit>(\d+)</syncMarkerLimit>`)
)

func argument(pattern *regexp.Regexp, body string) int64 {
	m := pattern.FindStringSubmatch(body)
	if m == nil {
		return -1
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return n
}

// serveOrders answers getOrders with orders of the given markers, page by page, each page in reverse order.
func (m *till) serveOrders(markers ...int64) {
	m.on("getOrders", func(w http.ResponseWriter, body string) {
		from, limit := argument(syncMarker, body), argument(syncLimit, body)
		var page []int64
		for _, marker := range markers {
			if marker >= from && int64(len(page)) < limit {
				page = append(page, marker)
			}
		}
		slices.Reverse(page)
		var b strings.Builder
		for _, marker := range page {
			fmt.Fprintf(&b, "<ns:order><ns:orderId>%032x</ns:orderId><ns:syncMarker>%d</ns:syncMarker></ns:order>", marker, marker)
		}
		_, _ = io.WriteString(w, envelope("<ns:GetOrdersResponse><ns:orderList>"+b.String()+"</ns:orderList></ns:GetOrdersResponse>"))
	})
}

func (m *till) serveCounter(order int64) {
	m.reply("getCurrentSyncMarkersV2", fmt.Sprintf("<ns:GetCurrentSyncMarkersV2Response><ns:orderSyncMarker>%d</ns:orderSyncMarker></ns:GetCurrentSyncMarkersV2Response>", order))
}

// readAll reads from a checkpoint until the source has nothing further.
func readAll(t *testing.T, s *session, r connector.ReadRequest) (records []connector.Record, next string, pages int) {
	t.Helper()
	r.Begin = true
	for {
		page, err := s.Read(context.Background(), r)
		if err != nil {
			t.Fatalf("page %d: %v", pages, err)
		}
		if r.Limit > 0 && len(page.Records) > r.Limit {
			t.Fatalf("page %d holds %d records, more than %d", pages, len(page.Records), r.Limit)
		}
		records = append(records, page.Records...)
		pages++
		r.Checkpoint, r.Begin = page.Next, false
		if !page.More {
			return records, page.Next, pages
		}
	}
}

func keys(records []connector.Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Key)
	}
	slices.Sort(out)
	return out
}

// An unsorted page, gaps, and a short page in the middle: the run ends at the empty page and nowhere else.
func TestReadGoesOnUntilThePageIsEmpty(t *testing.T) {
	m := newTill(t)
	m.serveCounter(900)
	m.serveOrders(1, 3, 4, 500, 501, 900)
	s := m.session(t)
	records, next, pages := readAll(t, s, connector.ReadRequest{Kind: model.Orders, Mode: connector.Full, Limit: 4})
	if len(records) != 6 || pages != 3 {
		t.Errorf("got %d records on %d pages, want 6 on 3", len(records), pages)
	}
	var asked []int64
	for _, body := range m.asked("getOrders") {
		asked = append(asked, argument(syncMarker, body))
	}
	if !slices.Equal(asked, []int64{1, 501, 901}) {
		t.Errorf("asked behind %v, want 1, 501, 901", asked)
	}
	for _, r := range records {
		if r.Version.Marker != whole(r.Fields["syncMarker"]) || r.Version.Read.IsZero() || r.Key == "" {
			t.Errorf("record %s has version %+v", r.Key, r.Version)
		}
	}
	m.serveOrders(1, 3, 4, 500, 501, 900, 901)
	m.serveCounter(901)
	records, _, _ = readAll(t, s, connector.ReadRequest{Kind: model.Orders, Checkpoint: next})
	if !slices.Contains(keys(records), fmt.Sprintf("%032x", 901)) {
		t.Errorf("the next run has %v, want the new order in it", keys(records))
	}
}

func TestReadResumesWhereItWas(t *testing.T) {
	m := newTill(t)
	m.serveCounter(100_000)
	var markers []int64
	for i := range int64(300) {
		markers = append(markers, i*7+1)
	}
	m.serveOrders(markers...)
	r := connector.ReadRequest{Kind: model.Orders, Mode: connector.Full, Begin: true}
	page, err := m.session(t).Read(context.Background(), r)
	if err != nil || len(page.Records) != defaultPageSize || !page.More {
		t.Fatalf("first page: %d records, more %v, %v", len(page.Records), page.More, err)
	}
	// Another process, after a crash: a run of its own that begins at the checkpoint.
	rest, _, _ := readAll(t, m.session(t), connector.ReadRequest{Kind: model.Orders, Mode: connector.Full, Checkpoint: page.Next})
	got := slices.Compact(keys(append(page.Records, rest...)))
	if len(got) != 300 {
		t.Errorf("got %d different records, want 300", len(got))
	}
	if len(rest) != 200 {
		t.Errorf("%d records were read after the crash, want the 200 that were left", len(rest))
	}
}

func TestReadStopsWhenTheServerCountsNothing(t *testing.T) {
	m := newTill(t)
	m.reply("getOrders", "<ns:GetOrdersResponse><ns:orderList><ns:order><ns:orderId>a</ns:orderId></ns:order></ns:orderList></ns:GetOrdersResponse>")
	f := fault.As(readOrders(context.Background(), m.session(t)))
	if f == nil || f.Class != fault.Retry || !strings.Contains(f.Message, "without saying where they stand") {
		t.Errorf("got %v; without this a run would ask for the same page for ever", f)
	}
}

func TestReadSendsWhatWasSet(t *testing.T) {
	m := newTill(t)
	m.serveOrders()
	m.reply("getInvoices", "<ns:GetInvoicesResponse><ns:invoiceList/></ns:GetInvoicesResponse>")
	s := m.session(t, "pageSize", "50")
	if _, err := s.Read(context.Background(), connector.ReadRequest{Kind: model.Orders, Limit: 1000,
		Settings: map[string]string{"branches": "1,2", "syncMarker": "4712"}}); err != nil {
		t.Fatal(err)
	}
	want := `<getOrders xmlns="urn:mplusqapi"><request><syncMarker>4712</syncMarker><syncMarkerLimit>50</syncMarkerLimit>` +
		`<branchNumbers>1</branchNumbers><branchNumbers>2</branchNumbers><articlePluNumbers></articlePluNumbers><articleBarcodes></articleBarcodes>` +
		`<includeLineList>true</includeLineList></request></getOrders>`
	if body := m.asked("getOrders")[0]; !strings.Contains(body, want) {
		t.Errorf("sent %s, want %s", body, want)
	}
	if _, err := s.Read(context.Background(), connector.ReadRequest{Kind: model.Orders, Settings: map[string]string{"documents": "invoices"}}); err != nil {
		t.Fatal(err)
	}
	if body := m.asked("getInvoices")[0]; strings.Contains(body, "finalizeInvoices") {
		t.Errorf("sent %s: reading must not finalise invoices", body)
	}
}

func TestOrdersAreCompletedPerPage(t *testing.T) {
	m := newTill(t)
	m.on("getOrders", func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, readFile(t, "getOrders.xml")) })
	m.on("getRelations", func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, readFile(t, "getRelations.xml")) })
	m.on("getProducts", func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, readFile(t, "getProducts.xml")) })
	page, err := m.session(t).Read(context.Background(), connector.ReadRequest{Kind: model.Orders, Settings: map[string]string{"sku": "extArticleId"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(page.Records); !slices.Equal(got, []string{"6f0e3a5291c411ef8f110242ac120002", "7a1e3a5291c411ef8f110242ac120002", "8b2e3a5291c411ef8f110242ac120002"}) {
		t.Errorf("keys %v: want the identities without dashes, in lower case", got)
	}
	first := page.Records[0].Fields
	relation, _ := first["relation"].(model.Tree)
	if relation["email"] != " Anna@Proef.EXAMPLE " {
		t.Errorf("relation %v is not the customer's card", relation)
	}
	if _, has := page.Records[2].Fields["relation"]; has {
		t.Error("a passer-by has a card")
	}
	for i, want := range []struct{ billTo, shipTo string }{
		{"Dorpsstraat 12 A", "Kade 5 bis"}, {"Plein 1944 nr 3", "Rue de la Paix 12"}, {"", ""},
	} {
		billTo, _ := page.Records[i].Fields["billTo"].(model.Tree)
		shipTo, _ := page.Records[i].Fields["shipTo"].(model.Tree)
		if billTo["address"] != orNil(want.billTo) || shipTo["address"] != orNil(want.shipTo) {
			t.Errorf("order %d is billed to %v and shipped to %v, want %q and %q", i, billTo["address"], shipTo["address"], want.billTo, want.shipTo)
		}
	}
	line := list(first, "lineList", "line")[0].(model.Tree)
	if line["extArticleId"] != "MUG-BLUE" || line["pluNumber"] != "05001" {
		t.Errorf("line %v lacks the code the flow asked for", line)
	}
	if n := len(m.asked("getRelations")); n != 1 {
		t.Errorf("%d requests for cards, want one for the page", n)
	}
	if body := m.asked("getRelations")[0]; !strings.Contains(body, "<request><relationNumbers>10023</relationNumbers><relationNumbers>10024</relationNumbers></request>") {
		t.Errorf("asked for %s", body)
	}
	if body := m.asked("getProducts")[0]; len(m.asked("getProducts")) != 1 || strings.Contains(body, "<articleNumbers>0<") {
		t.Errorf("asked for %s", body)
	}
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// The PLU code is on most lines; only what lacks it is looked up, and the article number needs no looking up at all.
func TestArticlesAreLookedUpOnlyWhenNeeded(t *testing.T) {
	m := newTill(t)
	m.on("getOrders", func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, readFile(t, "getOrders.xml")) })
	m.on("getRelations", func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, readFile(t, "getRelations.xml")) })
	m.on("getProducts", func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, readFile(t, "getProducts.xml")) })
	s := m.session(t)
	for _, sku := range []string{"articleNumber", "pluNumber"} {
		if _, err := s.Read(context.Background(), connector.ReadRequest{Kind: model.Orders, Settings: map[string]string{"sku": sku}}); err != nil {
			t.Fatal(err)
		}
	}
	if asked := m.asked("getProducts"); len(asked) != 1 || !strings.Contains(asked[0], "<articleNumbers>9001</articleNumbers>") {
		t.Errorf("asked for articles %v, want once, for lines without a PLU code", asked)
	}
}

func TestReadOne(t *testing.T) {
	m := newTill(t)
	const dashed, upper, gone = "6f0e3a52-91c4-11ef-8f11-0242ac120002", "7A1E3A5291C411EF8F110242AC120002", "00000000000000000000000000000000"
	m.on("getOrders", func(w http.ResponseWriter, body string) { // compares letter by letter
		var b strings.Builder
		for _, id := range []string{dashed, upper} {
			if strings.Contains(body, "<orderIds>"+id+"</orderIds>") {
				b.WriteString("<ns:order><ns:orderId>" + id + "</ns:orderId><ns:syncMarker>7</ns:syncMarker></ns:order>")
			}
		}
		_, _ = io.WriteString(w, envelope("<ns:GetOrdersResponse><ns:orderList>"+b.String()+"</ns:orderList></ns:GetOrdersResponse>"))
	})
	records, err := m.session(t).ReadOne(context.Background(), model.Orders, nil, []string{normalID(dashed), normalID(upper), gone})
	if err != nil || !slices.Equal(keys(records), []string{normalID(dashed), normalID(upper)}) {
		t.Errorf("got %v, %v", keys(records), err)
	}
	for _, body := range m.asked("getOrders") {
		if strings.Contains(body, "<syncMarker>") {
			t.Errorf("asked %s along the counter", body)
		}
	}
	calls := len(m.asked("getOrders"))
	if records, err := m.session(t).ReadOne(context.Background(), model.Orders, nil, nil); err != nil || len(records) != 0 || len(m.asked("getOrders")) != calls {
		t.Errorf("without keys: %v, %v; want nothing asked", records, err)
	}
}

func TestReadFromADate(t *testing.T) {
	m := newTill(t)
	m.on("getOrders", func(w http.ResponseWriter, body string) {
		if argument(syncMarker, body) > 4718 {
			_, _ = io.WriteString(w, envelope("<ns:GetOrdersResponse/>"))
			return
		}
		_, _ = io.WriteString(w, readFile(t, "getOrders.xml"))
	})
	m.on("getRelations", func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, readFile(t, "getRelations.xml")) })
	from := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	m.serveCounter(4718)
	records, next, _ := readAll(t, m.session(t), connector.ReadRequest{Kind: model.Orders, Mode: connector.Full, From: from})
	if len(records) != 2 {
		t.Errorf("got %d records, want the two of October", len(records))
	}
	// The order of January changes now: it has a marker beyond where the flow began and is no longer left out.
	m.on("getOrders", func(w http.ResponseWriter, body string) {
		if argument(syncMarker, body) > 4719 {
			_, _ = io.WriteString(w, envelope("<ns:GetOrdersResponse/>"))
			return
		}
		_, _ = io.WriteString(w, strings.Replace(readFile(t, "getOrders.xml"), ">4715<", ">4719<", 1))
	})
	m.serveCounter(4719)
	records, _, _ = readAll(t, m.session(t), connector.ReadRequest{Kind: model.Orders, Mode: connector.Full, Checkpoint: next})
	if !slices.Contains(keys(records), "8b2e3a5291c411ef8f110242ac120002") {
		t.Error("an old order that changed after the flow began was left out")
	}
}

func TestCustomers(t *testing.T) {
	m := newTill(t)
	m.on("getRelations", func(w http.ResponseWriter, body string) {
		if argument(syncMarker, body) > 1843 {
			_, _ = io.WriteString(w, envelope("<ns:GetRelationsResponse><ns:relationList/></ns:GetRelationsResponse>"))
			return
		}
		_, _ = io.WriteString(w, readFile(t, "getRelations.xml"))
	})
	s := m.session(t)
	records, _, pages := readAll(t, s, connector.ReadRequest{Kind: model.Customers})
	if !slices.Equal(keys(records), []string{"10023", "10024", "10026"}) || pages != 2 {
		t.Errorf("got %v on %d pages", keys(records), pages)
	}
	for _, r := range records {
		if r.Deleted != (r.Key == "10026") {
			t.Errorf("customer %s: deleted %v", r.Key, r.Deleted)
		}
	}
	one, err := s.ReadOne(context.Background(), model.Customers, nil, []string{"10024", "no number"})
	if err != nil || !slices.Contains(keys(one), "10024") {
		t.Errorf("ReadOne: %v, %v", keys(one), err)
	}
}

func TestProducts(t *testing.T) {
	m := newTill(t)
	m.on("getProducts", func(w http.ResponseWriter, body string) {
		if argument(syncMarker, body) > 977 {
			_, _ = io.WriteString(w, envelope("<ns:GetProductsResponse><ns:productList/></ns:GetProductsResponse>"))
			return
		}
		_, _ = io.WriteString(w, readFile(t, "getProducts.xml"))
	})
	s := m.session(t)
	records, _, _ := readAll(t, s, connector.ReadRequest{Kind: model.Products})
	if !slices.Equal(keys(records), []string{"5001", "5002"}) {
		t.Fatalf("got %v", keys(records))
	}
	for _, r := range records {
		product, _ := r.Fields["product"].(model.Tree)
		if r.Version.Marker != 977 || r.Deleted || product["description"] != "Mok" || product["articleList"] != nil {
			t.Errorf("article %s: version %+v, deleted %v, product %v", r.Key, r.Version, r.Deleted, product)
		}
	}
	one, err := s.ReadOne(context.Background(), model.Products, nil, []string{"5002"})
	if err != nil || !slices.Equal(keys(one), []string{"5002"}) {
		t.Errorf("ReadOne: %v, %v; want the one that was asked for", keys(one), err)
	}
}

// A limit counts articles while products come whole: the marker must not run past articles that did not fit.
func TestReachOfAProductPage(t *testing.T) {
	product := func(markers ...int) model.Tree {
		var articles []any
		for _, m := range markers {
			articles = append(articles, model.Tree{"syncMarker": jsonNumber(m)})
		}
		return model.Tree{"syncMarker": jsonNumber(slices.Max(markers)), "articleList": model.Tree{"article": articles}}
	}
	cases := []struct {
		name     string
		products []model.Tree
		limit    int
		want     int64
	}{
		{"everything fitted", []model.Tree{product(5, 9), product(7)}, 4, 9},
		{"full, article by article", []model.Tree{product(5), product(6), product(7)}, 3, 7},
		{"the first product is beyond the limit", []model.Tree{product(5, 6, 100, 200)}, 3, 5},
		{"a full page of two", []model.Tree{product(5, 100), product(7)}, 3, 7},
		{"only the product changed", []model.Tree{{"syncMarker": jsonNumber(12), "articleList": model.Tree{"article": []any{model.Tree{"syncMarker": jsonNumber(2)}}}}}, 100, 12},
		{"nothing is counted", []model.Tree{{}}, 100, 0},
	}
	for _, c := range cases {
		if got := reach(c.products, 4, c.limit); got != c.want {
			t.Errorf("%s: reaches %d, want %d", c.name, got, c.want)
		}
	}
}

func TestVerify(t *testing.T) {
	m := newTill(t)
	m.serveCounter(1)
	report, err := m.session(t).Verify(context.Background())
	if err != nil || !strings.Contains(report.Summary, "service 67.1.3") || len(report.Warnings) != 0 {
		t.Errorf("got %+v, %v", report, err)
	}
	noSecret(t, report.Summary)

	m.fault("getCurrentSyncMarkersV2", "Client", "no such operation")
	m.reply("getCurrentSyncMarkers", "<ns:getCurrentSyncMarkersResponse><ns:orderSyncMarker>7</ns:orderSyncMarker></ns:getCurrentSyncMarkersResponse>")
	m.reply("getApiVersion", `<ns:getApiVersionResponse><ns:majorNumber>1</ns:majorNumber><ns:minorNumber>0</ns:minorNumber><ns:revisionNumber>0</ns:revisionNumber>
		<ns:serviceMajorNumber>9</ns:serviceMajorNumber><ns:serviceMaxWorkerThreads>2</ns:serviceMaxWorkerThreads><ns:isSlaveApi>true</ns:isSlaveApi></ns:getApiVersionResponse>`)
	report, err = m.session(t).Verify(context.Background())
	if err != nil || len(report.Warnings) != 4 {
		t.Errorf("an old branch server: got %+v, %v, want four warnings", report, err)
	}

	m.reply("getApiVersion", "<ns:getApiVersionResponse><ns:majorNumber>2</ns:majorNumber><ns:minorNumber>0</ns:minorNumber><ns:revisionNumber>0</ns:revisionNumber></ns:getApiVersionResponse>")
	if _, err = m.session(t).Verify(context.Background()); fault.ClassOf(err) != fault.Pause || !strings.Contains(err.Error(), "version 2.0.0") {
		t.Errorf("another protocol: got %v, want a pause", err)
	}
	m.fault("getApiVersion", "Client", "go away")
	if _, err = m.session(t).Verify(context.Background()); fault.ClassOf(err) != fault.Pause || !strings.Contains(err.Error(), "go away") {
		t.Errorf("refused: got %v, want a pause with what was said", err)
	}
}

func TestOnlySoManyRequestsAtATime(t *testing.T) {
	m := newTill(t)
	running, most := 0, 0
	arrived, release := make(chan struct{}, 10), make(chan struct{})
	m.on("getOrders", func(w http.ResponseWriter, _ string) {
		m.mu.Lock()
		running++
		most = max(most, running)
		m.mu.Unlock()
		arrived <- struct{}{}
		<-release
		m.mu.Lock()
		running--
		m.mu.Unlock()
		_, _ = io.WriteString(w, envelope("<ns:GetOrdersResponse/>"))
	})
	s := m.session(t)
	done := make(chan error)
	for range 10 {
		go func() { done <- readOrders(context.Background(), s) }()
	}
	for i := range 10 {
		<-arrived
		if i >= concurrency-1 {
			release <- struct{}{}
		}
	}
	for range concurrency - 1 {
		release <- struct{}{}
	}
	for range 10 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most != concurrency {
		t.Errorf("%d requests ran at a time, want %d", most, concurrency)
	}
}
