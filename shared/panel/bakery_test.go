package panel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"apicenter/shared/connector"
	"apicenter/shared/fault"
	"apicenter/shared/integration"
	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/store"
)

// The prepared account: a bakery whose till orders go to its ERP, and a mill whose data must appear nowhere else.
const (
	bakery     = "korenaar"
	mill       = "dehoop"
	millSecret = "Molenaarsgeheim" // stands in every text of the mill
)

// saturday is the moment the prepared pages are looked at.
func saturday() time.Time { return time.Date(2026, 10, 24, 12, 31, 20, 0, time.UTC) }

func testConnectors() []connector.Connector {
	return []connector.Connector{
		{Name: "mpluskassa", Title: "MplusKASSA", Category: "POS", Settings: []connector.Setting{
			{Name: "address", Title: "Address"}, {Name: "password", Title: "Password", Secret: true}}},
		{Name: "afas", Title: "AFAS Profit", Category: "ERP", Settings: []connector.Setting{
			{Name: "environment", Title: "Environment"}, {Name: "token", Title: "Token", Secret: true}},
			Target: map[model.Kind]connector.Target{model.Stock: {CannotAsk: true}}},
	}
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// chunkOf seals records as the stages do.
func chunkOf(t testing.TB, codec *message.Codec, tenant, flow, run, id string, at time.Time, records ...store.RecordActivity) store.Chunk {
	t.Helper()
	payload, err := store.SealRecords(context.Background(), codec, tenant, records)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[model.Outcome]int{}
	for _, r := range records {
		counts[r.Outcome]++
	}
	return store.Chunk{Tenant: tenant, Flow: flow, Run: run, ID: id, At: at, Expires: at.Add(30 * 24 * time.Hour), Counts: counts, Payload: payload}
}

// deliveredOrder is the order of the pictures.
func deliveredOrder(t testing.TB) store.RecordActivity {
	return store.RecordActivity{Key: "6f0e3a52-91c4-11ef-8f11-0242ac120002", Number: "2026.318", Outcome: model.Delivered,
		Version: model.Version{Marker: 4718, Read: saturday().Add(-2*time.Minute - 14*time.Second)}, Reference: "MK-2026.318", TargetID: "60001234",
		Source: json.RawMessage(fixture(t, "order.source.json")), Record: json.RawMessage(fixture(t, "order.record.json")),
		Steps: []store.StepActivity{
			{Name: "create customer", Sent: fixture(t, "customer.sent.json"), Answer: `{"results":{"KnSalesRelationOrg":{"DbId":"10280","BcCo":"1000601"}}}`},
			{Name: "write order", Sent: fixture(t, "order.sent.json"), Answer: `{"results":{"FbSales":{"OrNu":"60001234"}}}`},
		}}
}

// missingArticle is why an order of the bakery does not go.
func missingArticle() *fault.Error {
	return &fault.Error{Class: fault.Reject, Step: "find articles", Field: "lines[1].sku",
		Message: "AFAS Profit does not know article 5014, which is on line 2 of the order.",
		Advice:  "Create article 5014 in AFAS Profit, or choose a placeholder article in the settings of this flow.",
		Detail:  "GET Profit_Article: 0 rows for ItemCode 5014", Cause: "product:5014"}
}

func rejectedOrder(t testing.TB) store.RecordActivity {
	r := deliveredOrder(t)
	r.Key, r.Number, r.Outcome, r.Problem = "7a11", "2026.311", model.Rejected, missingArticle()
	r.Reference, r.TargetID, r.Steps = "MK-2026.311", "", nil
	r.Version = model.Version{Marker: 4703, Read: saturday().Add(-42 * time.Minute)}
	r.Source = bytes.ReplaceAll(r.Source, []byte(`"number":318`), []byte(`"number":311`))
	r.Record = bytes.ReplaceAll(r.Record, []byte("2026.318"), []byte("2026.311"))
	return r
}

// prepared fills a fake store with two accounts.
func prepared(t testing.TB, codec *message.Codec) *fakeStore {
	t.Helper()
	now := saturday()
	f := &fakeStore{
		tenants: []integration.Tenant{
			{ID: bakery, Name: "Bakkerij De Korenaar", Language: "en", Zone: "Europe/Amsterdam"},
			{ID: mill, Name: millSecret, Language: "nl", Zone: "Europe/Amsterdam"}},
		connections: []integration.Connection{
			{Tenant: bakery, ID: "till", System: "mpluskassa", Title: "MplusKASSA", Prefix: "MK-",
				Settings: map[string]string{"address": "korenaar.mplus.example:34562", "password": "never shown"}},
			{Tenant: bakery, ID: "erp", System: "afas", Title: "AFAS Profit", Settings: map[string]string{"environment": "12345"}},
			{Tenant: mill, ID: "milltill", System: "mpluskassa", Title: millSecret}, {Tenant: mill, ID: "millerp", System: "afas", Title: millSecret}},
		states: map[string]integration.ConnectionState{},
		integrations: []integration.Integration{{Tenant: bakery, ID: "shop", Title: "Shop and office", A: "till", B: "erp"},
			{Tenant: mill, ID: "millshop", Title: millSecret, A: "milltill", B: "millerp"}},
		flows: []integration.Flow{
			{Tenant: bakery, ID: "orders", Integration: "shop", Kind: model.Orders, Source: "till", Target: "erp", Status: integration.Active, Schedule: integration.DefaultSchedule},
			{Tenant: bakery, ID: "products", Integration: "shop", Kind: model.Products, Source: "erp", Target: "till", Status: integration.Active, Schedule: integration.Schedule{Every: time.Hour}},
			{Tenant: bakery, ID: "stock", Integration: "shop", Kind: model.Stock, Source: "till", Target: "erp", Status: integration.Paused, Schedule: integration.DefaultSchedule},
			{Tenant: mill, ID: "millorders", Integration: "millshop", Kind: model.Orders, Source: "milltill", Target: "millerp", Status: integration.Active, Schedule: integration.DefaultSchedule}},
		hours: map[string][]store.Hour{}, entries: map[store.Scope][]store.Entry{},
	}
	f.chunks = []store.Chunk{
		chunkOf(t, codec, bakery, "orders", "run9", "c9-send", now.Add(-2*time.Minute), deliveredOrder(t),
			store.RecordActivity{Key: "7b02", Number: "2026.317", Outcome: model.Delivered, Reference: "MK-2026.317", TargetID: "60001233",
				Warnings: []string{"The remark was cut to the 60 characters AFAS takes."}},
			store.RecordActivity{Key: "7b01", Number: "2026.316", Outcome: model.Skipped, Reason: model.ReasonExists, Reference: "MK-2026.316", TargetID: "60001229"}),
		chunkOf(t, codec, bakery, "orders", "run8", "c8-send", now.Add(-7*time.Minute),
			store.RecordActivity{Key: "7a15", Number: "2026.315", Outcome: model.Delivered, Reference: "MK-2026.315", TargetID: "60001232"},
			store.RecordActivity{Key: "7a14", Number: "2026.314", Outcome: model.Pending, Reason: "AFAS did not answer in time; the order is looked up before it is sent again", Attempt: 1},
			store.RecordActivity{Key: "7a13", Number: "2026.313", Outcome: model.Delivered, Reference: "MK-2026.313", TargetID: "60001231"},
			store.RecordActivity{Key: "7a12", Number: "2026.312", Outcome: model.Skipped, Reason: "not paid yet; it is looked at again until it is"}),
		chunkOf(t, codec, bakery, "orders", "run7", "c7-send", now.Add(-41*time.Minute), rejectedOrder(t),
			store.RecordActivity{Key: "7a10", Number: "2026.310", Outcome: model.Delivered, Reference: "MK-2026.310", TargetID: "60001230"}),
		chunkOf(t, codec, mill, "millorders", "millrun", "m1-send", now.Add(-time.Minute),
			store.RecordActivity{Key: "m1", Number: millSecret, Outcome: model.Delivered, Source: json.RawMessage(`{"name":"` + millSecret + `"}`)}),
	}
	f.runs = []store.Run{
		{Tenant: bakery, Flow: "orders", ID: "run9", Kind: model.Orders, Mode: "incremental", Trigger: message.Webhook, Started: now.Add(-2*time.Minute - 20*time.Second), Ended: now.Add(-2*time.Minute - 16*time.Second), Pages: 1, Read: 3, Counts: map[model.Outcome]int{model.Delivered: 2, model.Skipped: 1}},
		{Tenant: bakery, Flow: "orders", ID: "run8", Kind: model.Orders, Mode: "incremental", Trigger: message.Schedule, Started: now.Add(-8 * time.Minute), Ended: now.Add(-7*time.Minute - 30*time.Second), Pages: 1, Read: 4, Counts: map[model.Outcome]int{model.Delivered: 2, model.Skipped: 1, model.Pending: 1}},
		{Tenant: bakery, Flow: "orders", ID: "run7", Kind: model.Orders, Mode: "full", Trigger: message.Manual, Started: now.Add(-52 * time.Minute), Ended: now.Add(-41 * time.Minute), Pages: 24, Read: 2386, Counts: map[model.Outcome]int{model.Delivered: 131, model.Skipped: 2252, model.Rejected: 3}},
		{Tenant: bakery, Flow: "products", ID: "run3", Kind: model.Products, Mode: "incremental", Trigger: message.Schedule, Started: now.Add(-26 * time.Minute), Ended: now.Add(-25 * time.Minute), Read: 12},
		{Tenant: mill, Flow: "millorders", ID: "millrun", Kind: model.Orders, Trigger: message.Manual, Started: now.Add(-time.Minute)},
	}
	f.failures = []store.Failure{
		{Tenant: bakery, Flow: "orders", Key: "7a11", Number: "2026.311", Connection: "erp", State: store.FailureOpen, Outcome: model.Rejected,
			Problem: missingArticle(), Cause: "product:5014", Since: now.Add(-41 * time.Minute), Last: now.Add(-41 * time.Minute), Run: "run7", Activity: "c7-send"},
		{Tenant: bakery, Flow: "orders", Key: "7a09", Number: "2026.309", Connection: "erp", State: store.FailureOpen, Outcome: model.Rejected, Since: now.Add(-3 * time.Hour), Last: now.Add(-41 * time.Minute),
			Problem: &fault.Error{Class: fault.Reject, Step: "check totals", Field: "total.gross", Message: "The lines add up to € 86.40 while the order says € 86.90; the difference is more than the € 0.05 this flow allows.",
				Advice: "Correct the order in MplusKASSA, or raise the tolerance in the settings of this flow.", Detail: "lines 86.40, shipping 0.00, discount 0.00, total 86.90"}},
		{Tenant: mill, Flow: "millorders", Key: "m2", Number: millSecret, State: store.FailureOpen, Outcome: model.Failed, Problem: fault.New(fault.Reject, millSecret), Since: now},
	}
	for i := range 24 {
		at := now.Truncate(time.Hour).Add(-time.Duration(i) * time.Hour)
		local := at.In(time.FixedZone("CEST", 7200)).Hour()
		busy := max(0, 46-(local-12)*(local-12)*3/2)
		counts := map[model.Outcome]int{model.Delivered: busy, model.Skipped: busy / 5}
		if i == 0 {
			counts[model.Pending] = 1
		}
		if i == 0 || i == 3 {
			counts[model.Rejected] = 1
		}
		f.hours[bakery+"/orders"] = append([]store.Hour{{Start: at, Counts: counts}}, f.hours[bakery+"/orders"]...)
		f.hours[bakery+"/products"] = append([]store.Hour{{Start: at, Counts: map[model.Outcome]int{model.Delivered: (i * 7) % 5, model.Skipped: 12 + (i*5)%9}}}, f.hours[bakery+"/products"]...)
	}
	for _, e := range []store.Entry{
		{Key: "6f0e3a52-91c4-11ef-8f11-0242ac120002", State: store.Delivered, TargetID: "60001234", Reference: "MK-2026.318", Activity: "c9-send", FirstTried: now.Add(-2 * time.Minute)},
		{Key: "7a15", State: store.Delivered, TargetID: "60001232", Reference: "MK-2026.315", Activity: "c8-send"},
		{Key: "1c40", State: store.Delivered, TargetID: "60000017", Reference: "MK-2026.7", Activity: "c0-gone", FirstTried: now.Add(-90 * 24 * time.Hour)},
	} {
		scope := store.FlowScope(bakery, "orders")
		f.entries[scope] = append(f.entries[scope], e)
	}
	f.entries[store.FlowScope(mill, "millorders")] = []store.Entry{{Key: "m1", State: store.Delivered, Reference: "ML-1", Activity: "m1-send"}}
	return f
}

// manyChunks is a store that holds n records without ever building more than a page of them.
func manyChunks(t testing.TB, codec *message.Codec, n int) (answer func(store.ChunkFilter, string, int) ([]store.Chunk, string, error), made *int) {
	t.Helper()
	const inChunk = 40
	made = new(int)
	return func(f store.ChunkFilter, cursor string, limit int) ([]store.Chunk, string, error) {
		from := 0
		if cursor != "" {
			if _, err := fmt.Sscanf(cursor, "%d", &from); err != nil {
				return nil, "", err
			}
		}
		var out []store.Chunk
		for i := from; i < min(from+limit, n/inChunk); i++ {
			records := make([]store.RecordActivity, inChunk)
			for j := range records {
				number := n - i*inChunk - j
				records[j] = store.RecordActivity{Key: fmt.Sprint("k", number), Number: fmt.Sprint("2026.", number), Outcome: model.Delivered,
					TargetID: fmt.Sprint(60000000 + number), Source: json.RawMessage(`{"a":"` + fmt.Sprint(number) + `"}`)}
			}
			*made++
			out = append(out, chunkOf(t, codec, f.Tenant, f.Flow, "run1", fmt.Sprintf("c%06d", n-i), saturday().Add(-time.Duration(i)*time.Minute), records...))
		}
		next := ""
		if from+limit < n/inChunk {
			next = fmt.Sprint(from + limit)
		}
		return out, next, nil
	}, made
}
