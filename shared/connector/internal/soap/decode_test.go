package soap

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// shelf is a small shape with everything in it.
var shelf = Object("shelfResponse", "",
	Text("name", "", ""),
	Number("count", "", ""),
	Bool("open", "", ""),
	Folded("made", TextKind, "", "", func(l Leaves) any {
		if l.Get("year") == "" {
			return nil
		}
		return l.Get("year") + "-" + l.Get("mon")
	}),
	List(Number("code", "", "")),
	Object("bookList", "", List(Object("book", "", Text("title", "", ""), Number("pages", "", "")))),
)

func wrap(inside string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="urn:shelf">` + "\n  <SOAP-ENV:Body>" +
		inside + "</SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
}

func TestDecode(t *testing.T) {
	type tree = map[string]any
	cases := []struct {
		name, inside string
		want         tree
		repaired     int
	}{
		{"typed leaves", `<ns:ShelfResponse><ns:name>A &amp; B</ns:name><ns:count>12</ns:count><ns:open>true</ns:open></ns:ShelfResponse>`,
			tree{"name": "A & B", "count": json.Number("12"), "open": true}, 0},
		{"no prefix at all", `<shelfResponse xmlns="urn:shelf"><name>x</name></shelfResponse>`, tree{"name": "x"}, 0},
		{"an odd prefix", `<q-1.2:shelfResponse xmlns:q-1.2='urn:shelf'><q-1.2:name>x</q-1.2:name></q-1.2:shelfResponse>`, tree{"name": "x"}, 0},
		{"both forms of empty", `<shelfResponse><name/><count></count><open/><bookList/></shelfResponse>`, tree{"name": "", "bookList": tree{}}, 0},
		{"an empty reply in the short form", `<shelfResponse/>`, tree{}, 0},
		{"a list of one", `<shelfResponse><code>7</code></shelfResponse>`, tree{"code": []any{json.Number("7")}}, 0},
		{"a list with something between", `<shelfResponse><code>7</code><name>x</name><code>8</code></shelfResponse>`,
			tree{"code": []any{json.Number("7"), json.Number("8")}, "name": "x"}, 0},
		{"nested lists", `<shelfResponse><bookList><book><title>a</title></book><book/></bookList></shelfResponse>`,
			tree{"bookList": tree{"book": []any{tree{"title": "a"}, tree{}}}}, 0},
		{"unknown elements", `<shelfResponse><new><name>no</name></new><name>yes</name><other/></shelfResponse>`, tree{"name": "yes"}, 0},
		{"elements inside a leaf", `<shelfResponse><name>a<b>no</b>c</name></shelfResponse>`, tree{"name": "ac"}, 0},
		{"comments, CDATA and instructions", `<!-- one --><shelfResponse><name>a<!-- two --><![CDATA[<&b]]><?go on?>c</name></shelfResponse>`, tree{"name": "a<&bc"}, 0},
		{"references", `<shelfResponse><name>&#65;&#x42;&lt;&gt;&quot;&apos;&#233;</name></shelfResponse>`, tree{"name": `AB<>"'é`}, 0},
		{"line ends", "<shelfResponse><name>a\r\nb\rc\nd&#13;</name></shelfResponse>", tree{"name": "a\nb\nc\nd\r"}, 0},
		{"white space kept in texts", "<shelfResponse><name> a </name><count> 5 </count></shelfResponse>", tree{"name": " a ", "count": json.Number("5")}, 0},
		{"numbers in JSON's form", `<shelfResponse><code>007</code><code>+5</code><code>-0012.50</code><code>0.10</code><code>000</code><code>-7</code></shelfResponse>`,
			tree{"code": []any{json.Number("7"), json.Number("5"), json.Number("-12.50"), json.Number("0.10"), json.Number("0"), json.Number("-7")}}, 0},
		{"what is no number stays a text", `<shelfResponse><count>twelve</count></shelfResponse>`, tree{"count": "twelve"}, 0},
		{"a thousand's comma is no number", `<shelfResponse><count>1,5</count></shelfResponse>`, tree{"count": "1,5"}, 0},
		{"booleans", `<shelfResponse><open>1</open></shelfResponse>`, tree{"open": true}, 0},
		{"booleans in capitals", `<shelfResponse><open>FALSE</open></shelfResponse>`, tree{"open": false}, 0},
		{"folded", `<shelfResponse><made><year>2026</year><mon>10</mon></made></shelfResponse>`, tree{"made": "2026-10"}, 0},
		{"folded to nothing", `<shelfResponse><made/></shelfResponse>`, tree{}, 0},
		{"the last one counts", `<shelfResponse><name>a</name><name>b</name></shelfResponse>`, tree{"name": "b"}, 0},
		{"control characters are dropped", "<shelfResponse><name>8712\x1d345&#29;&#x0;é</name></shelfResponse>", tree{"name": "8712345é"}, 3},
		{"bytes that are no UTF-8", "<shelfResponse><name>caf\xe9</name></shelfResponse>", tree{"name": "caf\ufffd"}, 1},
		{"a header goes by", `</SOAP-ENV:Body><SOAP-ENV:Body><shelfResponse><name>x</name></shelfResponse>`, tree{"name": "x"}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, repaired, err := Decode(wrap(c.inside), "ShelfResponse", shelf)
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			if repaired != c.repaired {
				t.Errorf("repaired %d characters, want %d", repaired, c.repaired)
			}
		})
	}
}

func TestDecodeFault(t *testing.T) {
	_, _, err := Decode(wrap(`<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client.Authentication</faultcode>
		<faultstring>Unknown &lt;ident&gt;</faultstring><detail><x/></detail></SOAP-ENV:Fault>`), "ShelfResponse", shelf)
	var f *Fault
	if !errors.As(err, &f) || f.Code != "Client.Authentication" || f.Text != "Unknown <ident>" {
		t.Fatalf("got %#v, want the fault", err)
	}
	if !f.IsCode("Client") || !f.IsCode("client.authentication") || f.IsCode("Clie") || f.IsCode("Server") {
		t.Errorf("IsCode does not compare code by code")
	}
	if strings.Contains(f.Error(), "ident") {
		t.Errorf("the error repeats the service's text: %v", f)
	}
}

func TestDecodeRefuses(t *testing.T) {
	ok := wrap(`<shelfResponse><name>x</name></shelfResponse>`)
	cases := []struct {
		name, document, reason string
		cut                    bool
	}{
		{"nothing", "", "ends in the middle", true},
		{"a page of HTML", "<!DOCTYPE html><html><body>Login</body></html>", "document type", false},
		{"HTML without a type", "<html><body>Login</body></html>", "is not SOAP", false},
		{"JSON", `{"error":"no"}`, "is not XML", false},
		{"a bomb", `<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>`, "document type", false},
		{"an entity of its own", wrap("<shelfResponse><name>&euro;</name></shelfResponse>"), "entity", false},
		{"crossed tags", wrap("<shelfResponse><name></shelfResponse></name>"), "not open", false},
		{"another answer", wrap("<OtherResponse/>"), "another question", false},
		{"an empty body", wrap(""), "nothing in it", false},
		{"another character set", `<?xml version="1.0" encoding="ISO-8859-1"?>` + ok[strings.Index(ok, "<SOAP"):], "UTF-8", false},
		{"too deep", wrap("<shelfResponse>" + strings.Repeat("<a>", 500) + strings.Repeat("</a>", 500) + "</shelfResponse>"), "too deeply", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Decode(c.document, "ShelfResponse", shelf)
			var f *FormatError
			if !errors.As(err, &f) || !strings.Contains(f.Error(), c.reason) || f.Cut != c.cut {
				t.Errorf("got %v, want a *FormatError with %q (cut: %v)", err, c.reason, c.cut)
			}
		})
	}
}

// A short answer must never pass for a whole one: an order list that was cut would end a run too early.
func TestDecodeNeverTakesACutAnswer(t *testing.T) {
	whole := strings.TrimRight(wrap(`<shelfResponse a="b"><name>a&amp;b<![CDATA[c]]></name><!-- d --><bookList><book/></bookList></shelfResponse>`), "\n")
	for i := range whole {
		_, _, err := Decode(whole[:i], "ShelfResponse", shelf)
		var f *FormatError
		if !errors.As(err, &f) {
			t.Fatalf("cut at byte %d: got %v, want a *FormatError", i, err)
		}
	}
	if _, _, err := Decode(whole, "ShelfResponse", shelf); err != nil {
		t.Fatalf("whole: %v", err)
	}
}

// FuzzDecode holds the scanner against encoding/xml: what encoding/xml reads, Decode reads the same; what Decode reads,
// encoding/xml reads too, unless the document has something Decode is lenient about on purpose.
func FuzzDecode(f *testing.F) {
	for _, inside := range []string{
		`<ns:ShelfResponse><ns:name>A &amp; B</ns:name><ns:count>12</ns:count><ns:open>true</ns:open></ns:ShelfResponse>`,
		"<shelfResponse><name>a\r\nb\rc&#13;</name><made><year>2026</year><mon>1</mon></made></shelfResponse>",
		`<shelfResponse><bookList><book><title>a<!-- b --><![CDATA[c]]>]] d</title></book><book/></bookList><code>7</code></shelfResponse>`,
		`<SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode><faultstring>no</faultstring></SOAP-ENV:Fault>`,
		"<shelfResponse><name>é\x1d\xff&#x1d;&#xD800;</name></shelfResponse>",
		`<a:shelfResponse a = 'b"' xmlns:a="c"><a:name >x</a:name ></a:shelfResponse>`,
	} {
		f.Add(wrap(inside))
	}
	f.Fuzz(func(t *testing.T, document string) {
		got, repaired, err := Decode(document, "ShelfResponse", shelf)
		want, wantErr := referenceDecode(document, "ShelfResponse", shelf)
		var fault, wantFault *Fault
		switch {
		case errors.As(wantErr, &wantFault):
			if !errors.As(err, &fault) || fault.Code != wantFault.Code || fault.Text != wantFault.Text {
				t.Fatalf("got %v %+v, want fault %+v", err, fault, wantFault)
			}
		case wantErr == nil:
			if err != nil {
				if declined(document, err) {
					return
				}
				t.Fatalf("Decode refuses what encoding/xml reads: %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("tree (-encoding/xml +Decode):\n%s", diff)
			}
		case err == nil && repaired == 0 && !lenient(document):
			t.Fatalf("Decode reads what encoding/xml refuses: %v", wantErr)
		}
	})
}

// declined reports whether Decode refuses the document for a reason of its own.
func declined(document string, err error) bool {
	return strings.Contains(err.Error(), "nested too deeply") || strings.Contains(document, "<!") || strings.Contains(document, "<?")
}

// lenient reports whether the document has parts that Decode does not look into: attributes and instructions, names beyond
// ASCII, and what follows the envelope.
func lenient(document string) bool {
	return strings.Contains(document, "=") || strings.Contains(document, "<?") || !utf8.ValidString(document) ||
		strings.IndexFunc(document, func(r rune) bool { return r > 0x7e || !legal(r) }) >= 0
}

func benchmarkDocument(books int) string {
	var b strings.Builder
	b.WriteString(`<ns:ShelfResponse><ns:bookList>`)
	for i := range books {
		fmt.Fprintf(&b, "\n<ns:book><ns:title>Title %d of a book</ns:title><ns:pages>%d</ns:pages></ns:book>", i, i*7)
	}
	b.WriteString(`</ns:bookList></ns:ShelfResponse>`)
	return wrap(b.String())
}

// BenchmarkDecode reads a thousand small elements; BenchmarkEncodingXML does the same with the reference.
func BenchmarkDecode(b *testing.B) {
	document := benchmarkDocument(1000)
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Decode(document, "ShelfResponse", shelf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingXML(b *testing.B) {
	document := benchmarkDocument(1000)
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := referenceDecode(document, "ShelfResponse", shelf); err != nil {
			b.Fatal(err)
		}
	}
}
