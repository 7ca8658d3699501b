package mapping_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"apicenter/shared/mapping"
	"apicenter/shared/model"
)

// golden is a document with every kind of value. Its canonical form and fingerprint are kept by ledgers for years: should
// they ever change, every record of every flow would be written again.
func golden() model.Tree {
	amsterdam := time.FixedZone("", 2*60*60)
	return model.Tree{
		"text":    "Café \"Noir\"\n\t\\ \u0001 € <a&b> 😀",
		"code":    json.Number("00123"),
		"number":  decimal.MustParse("1.50"),
		"raw":     json.Number("1.50"),
		"big":     json.Number("12345678901234567890.10"),
		"power":   json.Number("1.5E2"),
		"zero":    decimal.MustParse("-0.00"),
		"yes":     true,
		"at":      time.Date(2026, 10, 24, 14, 30, 12, 0, amsterdam),
		"nothing": nil,
		"empty":   model.Tree{},
		"list":    []any{"b", "a", nil, json.Number("3"), []any{}, model.Tree{"z": "1", "a": "2"}},
		"bad":     "a\xffb",
	}
}

const (
	goldenForm = `{"at":"2026-10-24T12:30:12Z","bad":"a` + "\ufffd" + `b","big":12345678901234567890.1,"code":"00123","empty":{},` +
		`"list":["b","a",null,3,[],{"a":"2","z":"1"}],"number":1.5,"power":150,"raw":1.5,` +
		`"text":"Café \"Noir\"\u000a\u0009\\ \u0001 € <a&b> 😀","yes":true,"zero":0}`
	goldenFingerprint = "da23e6917a2f1ab0eb6e707420d65f19"
)

func TestCanonicalFormStaysTheSame(t *testing.T) {
	got := mapping.Canonical(golden())
	if string(got) != goldenForm {
		t.Errorf("got  %s\nwant %s", got, goldenForm)
	}
	if !json.Valid(got) {
		t.Error("the canonical form is not JSON")
	}
	if got := mapping.Fingerprint(golden()); got != goldenFingerprint {
		t.Errorf("fingerprint: got %s, want %s", got, goldenFingerprint)
	}
}

func TestFingerprintTellsDocumentsApart(t *testing.T) {
	same := []model.Tree{
		{"a": decimal.MustParse("1.5"), "b": "x"}, {"b": "x", "a": decimal.MustParse("1.500")}, {"b": "x", "a": json.Number("1.50"), "c": nil},
	}
	for _, tree := range same[1:] {
		if mapping.Fingerprint(tree) != mapping.Fingerprint(same[0]) {
			t.Errorf("%v and %v should have one fingerprint", tree, same[0])
		}
	}
	different := []model.Tree{
		{}, {"a": "1.5"}, {"a": decimal.MustParse("1.5")}, {"a": decimal.MustParse("15")}, {"a": []any{"1.5"}}, {"a": ""}, {"a": true}, {"a": "true"},
		{"a": "1", "b": "2"}, {"a": `1","b":"2`}, {"a": model.Tree{"b": "2"}}, {"a": json.Number("007")}, {"a": json.Number("7")}, {"a": []any{"b", "a"}}, {"a": []any{"a", "b"}},
	}
	seen := map[string]model.Tree{}
	for _, tree := range different {
		f := mapping.Fingerprint(tree)
		if other, taken := seen[f]; taken {
			t.Errorf("%v and %v have one fingerprint", tree, other)
		}
		seen[f] = tree
	}
}

// What is queued can be read back into the same document.
func TestCanonicalReadsBack(t *testing.T) {
	form := mapping.Canonical(golden())
	if again := mapping.Canonical(tree(t, string(form))); string(again) != string(form) {
		t.Errorf("got  %s\nwant %s", again, form)
	}
}
