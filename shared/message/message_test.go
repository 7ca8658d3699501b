package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apicenter/shared/message"
	"apicenter/shared/model"
)

var update = flag.Bool("update", false, "write the golden file anew")

// clear is a sealer that only marks whose bytes these are, so that golden files stay readable.
type clear struct{}

func (clear) Seal(_ context.Context, tenant, purpose string, plain []byte) ([]byte, error) {
	return append([]byte(tenant+"/"+purpose+":"), plain...), nil
}

func (clear) Open(_ context.Context, tenant, purpose string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(tenant+"/"+purpose+":"))
	if !ok {
		return nil, errors.New("sealed for somebody else")
	}
	return plain, nil
}

func codec(t testing.TB) *message.Codec {
	t.Helper()
	c, err := message.NewCodec(clear{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func header() message.Header {
	return message.Header{ID: "01J", Tenant: "acme", Flow: "orders", Run: "01H", Content: message.Sources, Connection: "erp",
		Kind: model.Orders, FirstSeen: time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), Records: 2}
}

func sources() []message.Source {
	return []message.Source{
		{Key: "a", Version: model.Version{Marker: 7, Read: time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)}, Fields: json.RawMessage(`{"n":"00123","x":1.10}`)},
		{Key: "b", Deleted: true, Fields: json.RawMessage(`{}`), Reread: true},
	}
}

// What an earlier release queued is read by this one.
func TestQueuedMessageIsRead(t *testing.T) {
	ctx, c := t.Context(), codec(t)
	path := filepath.Join("testdata", "sources.v1.bin")
	if *update {
		body, err := message.Encode(ctx, c, header(), sources())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h, got, err := message.Decode[message.Source](ctx, c, body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(header(), h); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sources(), got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestUnknownAndBrokenMessagesAreRefused(t *testing.T) {
	ctx, c := t.Context(), codec(t)
	good, err := message.Encode(ctx, c, header(), sources())
	if err != nil {
		t.Fatal(err)
	}
	newer := bytes.Clone(good)
	newer[0] = 99
	tests := map[string][]byte{"empty": {}, "newer form": newer, "header cut": good[:10], "body cut": good[:len(good)-5],
		"one byte": {1}, "absurd header length": {1, 0xff, 0xff, 0xff, 0xff, 0x0f, 'x'}}
	for name, body := range tests {
		_, _, err := message.Decode[message.Source](ctx, c, body)
		if !errors.Is(err, message.ErrUnreadable) {
			t.Errorf("%s: got %v, want an error that says it can never be read", name, err)
		}
	}
	if _, _, err := message.Decode[message.Source](ctx, c, newer); !strings.Contains(err.Error(), "form 99") {
		t.Errorf("the error does not say which form: %v", err)
	}
}

func TestTenantCannotChange(t *testing.T) {
	ctx, c := t.Context(), codec(t)
	body, err := message.Encode(ctx, c, header(), sources())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := message.Readdress(body, func(h *message.Header) { h.Tenant = "other" }); err == nil {
		t.Error("a message changed its tenant")
	}
	moved, err := message.Readdress(body, func(h *message.Header) { h.ID, h.Due = "02", time.Unix(5, 0).UTC() })
	if err != nil {
		t.Fatal(err)
	}
	h, records, err := message.Decode[message.Source](ctx, c, moved)
	if err != nil || h.ID != "02" || len(records) != 2 {
		t.Errorf("readdressed: %+v, %d records, %v", h, len(records), err)
	}
}

// noise returns a record of n bytes that do not compress.
func noise(n int, seed uint64) message.Source {
	random := rand.New(rand.NewPCG(seed, seed))
	text := make([]byte, n)
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return message.Source{Key: fmt.Sprint(seed), Fields: json.RawMessage(`"` + string(text) + `"`)}
}

func TestPackKeepsEveryRecordInOrderAndWithinBudget(t *testing.T) {
	ctx, c := t.Context(), codec(t)
	for _, size := range []int{10, 900, 9_000, 60_000} {
		var records []message.Source
		for i := range 137 {
			records = append(records, noise(size, uint64(i+1)))
		}
		ids := 0
		packed, tooLarge, err := message.Pack(ctx, c, header(), records, 50, func() string { ids++; return fmt.Sprint(ids) })
		if err != nil || len(tooLarge) != 0 {
			t.Fatalf("size %d: %v, too large %v", size, err, tooLarge)
		}
		next, seen := 0, map[string]bool{}
		for _, p := range packed {
			h, got, err := message.Decode[message.Source](ctx, c, p.Body)
			if err != nil {
				t.Fatal(err)
			}
			if seen[h.ID] {
				t.Errorf("size %d: id %s is used twice", size, h.ID)
			}
			seen[h.ID] = true
			if len(got) > 50 || (len(p.Body) > message.Budget && len(got) > 1) {
				t.Errorf("size %d: %d records in %d bytes", size, len(got), len(p.Body))
			}
			if p.From != next || p.To != next+len(got) || h.Records != len(got) {
				t.Errorf("size %d: records %d to %d, expected to begin at %d", size, p.From, p.To, next)
			}
			for _, r := range got {
				if r.Key != records[next].Key {
					t.Fatalf("size %d: record %d has key %s", size, next, r.Key)
				}
				next++
			}
		}
		if next != len(records) {
			t.Errorf("size %d: %d of %d records", size, next, len(records))
		}
	}
}

// One record too large for any message is named, never cut; its neighbours go.
func TestPackNamesWhatIsTooLarge(t *testing.T) {
	ctx, c := t.Context(), codec(t)
	records := []message.Source{noise(100, 1), noise(2<<20, 2), noise(100, 3), noise(600<<10, 4)}
	packed, tooLarge, err := message.Pack(ctx, c, header(), records, 50, func() string { return "x" })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1}, tooLarge); diff != "" {
		t.Errorf("too large (-want +got):\n%s", diff)
	}
	n := 0
	for _, p := range packed {
		n += p.To - p.From
	}
	if n != 3 {
		t.Errorf("%d records were packed, want 3", n)
	}
}

func FuzzDecode(f *testing.F) {
	c := codec(f)
	good, err := message.Encode(f.Context(), c, header(), sources())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{1, 2, '{', '}'})
	f.Fuzz(func(t *testing.T, body []byte) {
		if h, err := message.Peek(body); err == nil {
			if moved, err := message.Readdress(body, func(*message.Header) {}); err == nil {
				if again, err := message.Peek(moved); err != nil || again.Tenant != h.Tenant {
					t.Fatalf("readdressing broke the message: %v", err)
				}
			}
		}
		_, _, _ = message.Decode[message.Source](t.Context(), c, body)
	})
}

func BenchmarkEncode50(b *testing.B) {
	c := codec(b)
	var records []message.Source
	for i := range 50 {
		records = append(records, noise(1500, uint64(i+1)))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := message.Encode(b.Context(), c, header(), records); err != nil {
			b.Fatal(err)
		}
	}
}
