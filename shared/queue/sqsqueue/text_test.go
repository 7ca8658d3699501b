package sqsqueue

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGroupsThatSQSTakesStayAsTheyAre(t *testing.T) {
	const all = "abz09!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	for _, s := range []string{all, "bakery/afas", "100%", "%41", "%", "%C", "%zz"} {
		if got := escape(s); got != s {
			t.Errorf("escape(%q): got %q, want it as it is", s, got)
		}
		if got := unescape(s); got != s {
			t.Errorf("unescape(%q): got %q, want it as it is", s, got)
		}
	}
	if got := escape("a b\x7fż"); got != "a%20b%7F%C5%BC" {
		t.Errorf("got %q", got)
	}
}

// Lambda hands a group over as SQS has it, and sent again it has to lead into the same lane: escaping twice is escaping once.
func FuzzGroupsComeBack(f *testing.F) {
	for _, s := range []string{"", "tenant-żółw/#1", "%20", "a%", "\x00\xff", "connection 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := escape(s)
		for i := range len(e) {
			if e[i] <= ' ' || e[i] > '~' {
				t.Fatalf("escape(%q): got %q, which SQS does not take", s, e)
			}
		}
		if again := escape(e); again != e {
			t.Errorf("got %q and then %q", e, again)
		}
		back := unescape(e)
		if back != s && !strings.Contains(s, "%") {
			t.Errorf("got %q back, want %q", back, s)
		}
		if again := escape(back); again != e { // also when s looked like something escaped
			t.Errorf("%q came back as %q, which is another lane: %q, want %q", s, back, again, e)
		}
	})
}

func FuzzReasonsCanBeSent(f *testing.F) {
	f.Add("the target says no", 10)
	f.Add("żółw\x00\xff\ufffe", 3)
	f.Fuzz(func(t *testing.T, s string, most int) {
		most = max(0, min(most, 1000))
		got := printable(s, most)
		if len(got) > most+len("…") || !utf8.ValidString(got) {
			t.Fatalf("printable(%q, %d): got %q", s, most, got)
		}
		for _, r := range got {
			if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				t.Fatalf("printable(%q, %d): got %q, which SQS does not take", s, most, got)
			}
		}
	})
}

func FuzzBodiesComeBack(f *testing.F) {
	f.Add([]byte("\x00\xff{}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := decodeBody(encodeBody(body)); string(got) != string(body) {
			t.Errorf("got %q, want %q", got, body)
		}
	})
}
