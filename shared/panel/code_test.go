package panel

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func (c *code) text() string {
	var b strings.Builder
	for _, line := range c.Lines {
		b.WriteString(line.Indent())
		for _, s := range line.Spans {
			b.WriteString(s.Text)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestLaysJSONOut(t *testing.T) {
	got := codeOf(`{"FbSales":{"Element":{"Fields":{"OrDa":"2026-10-24","DbId":"10280","RfCs":"MK-2026.318","Re":"a, \"b\": {c}"},"Objects":[{"Upri":3.950},{}]}}}`).text()
	want := `{"FbSales": {"Element": {
  "Fields": {
    "OrDa": "2026-10-24", "DbId": "10280",
    "RfCs": "MK-2026.318", "Re": "a, \"b\": {c}"
  },
  "Objects": [{"Upri": 3.950}, {}]
}}}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestColoursJSON(t *testing.T) {
	got := codeOf(`{"a":"x","b":-1.50,"c":true}`).Lines[0].Spans
	want := []span{{"mark", "{"}, {"name", `"a"`}, {"mark", ": "}, {"text", `"x"`}, {"mark", ", "}, {"name", `"b"`}, {"mark", ": "},
		{"number", "-1.50"}, {"mark", ", "}, {"name", `"c"`}, {"mark", ": "}, {"bool", "true"}, {"mark", "}"}}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("span %d: got %q, want %q", i, got[i], want[i])
		}
	}
}

func TestLaysXMLOut(t *testing.T) {
	got := codeOf(`<?xml version="1.0"?><ns:order a="1 &amp; 2"><ns:id>6f0e</ns:id><ns:lines><ns:text>a &lt; b</ns:text></ns:lines><ns:none></ns:none></ns:order>`).text()
	want := `<?xml version="1.0"?>
<ns:order a="1 &amp; 2">
  <ns:id>6f0e</ns:id>
  <ns:lines>
    <ns:text>a &lt; b</ns:text>
  </ns:lines>
  <ns:none></ns:none>
</ns:order>
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestShowsOtherBodiesAsTheyAre(t *testing.T) {
	for _, body := range []string{"HTTP 502 from the proxy", "{not json", "<a><b></a>", "<html><br></html>", `{"a":1} trailing`} {
		got := codeOf(body)
		if got == nil || !strings.Contains(strings.Join(strings.Fields(got.text()), ""), strings.Join(strings.Fields(body), "")) {
			t.Errorf("%q is shown as %v", body, got)
		}
	}
	if codeOf(" \n") != nil {
		t.Error("an empty body is shown")
	}
}

// FuzzCode holds the layout to its promise: only white space between values changes.
func FuzzCode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2,{"b":"c,d"}]}`, `[[[[]]]]`, `{"":{"":{}}}`, `{"a":"\\\"","b":"}"}`, `<a b="c">d<e/></a>`, `[{"x":1}]`, "{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		shown := codeOf(body)
		if shown == nil || shown.Language != "JSON" {
			return
		}
		var got, want bytes.Buffer
		if err := json.Compact(&got, []byte(shown.text())); err != nil {
			t.Fatalf("what is shown for %q is no JSON: %v", body, err)
		}
		if err := json.Compact(&want, []byte(body)); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("got %s, want %s", got.String(), want.String())
		}
	})
}

func TestTreeKeepsOrderAndDigits(t *testing.T) {
	root := treeOf([]byte(`{"z":"0012","a":{"price":3.950,"none":null},"list":[{"id":"6f0e3c10-91c4-11ef-8f11-0242ac120002","sku":"5001","text":"Croissant"},{"sku":"5002"}]}`))
	if root.Children[0].Name != "z" || root.Children[0].Text != "0012" || root.Children[1].Children[0].Text != "3.950" {
		t.Errorf("got %+v", root)
	}
	list := root.Children[2]
	if !list.Children[0].Open || list.Children[1].Open || list.Children[0].Preview() != "5001 · Croissant" {
		t.Errorf("got %+v with preview %q", list, list.Children[0].Preview())
	}
}

func TestTreeOfOddPayloads(t *testing.T) {
	deep := strings.Repeat("[", 60) + strings.Repeat("]", 60)
	wide := "[" + strings.Repeat("1,", treeNodes) + "1]"
	for name, raw := range map[string]string{"cut off": `{"a":`, "two values": `{} {}`, "deep": deep, "wide": wide} {
		if got := treeOf([]byte(raw)); got == nil || !got.Plain || got.Text != raw {
			t.Errorf("%s: it is not shown whole as text", name)
		}
	}
	if treeOf(nil) != nil || treeOf([]byte(" null ")) != nil {
		t.Error("nothing is shown as a tree")
	}
}
