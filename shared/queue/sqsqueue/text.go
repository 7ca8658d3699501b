package sqsqueue

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// encodeBody returns a body as text: SQS takes no bytes that XML cannot hold. It is a third longer.
func encodeBody(body []byte) string { return base64.StdEncoding.EncodeToString(body) }

// decodeBody undoes encodeBody. A text that nobody encoded stays as it came, for the stage to refuse.
func decodeBody(text string) []byte {
	body, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return []byte(text)
	}
	return body
}

// longestToken is how long a group or a deduplication id may be.
const longestToken = 128

// escape writes a group or a deduplication id with the characters that SQS takes there, which are those of ASCII that can be
// seen: any other byte becomes %XX. What SQS takes stays as it is, a percent sign too, so that escaping twice is escaping
// once and a group that came as an event of SQS leads back into its lane.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; taken(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// unescape undoes escape, and leaves alone what escape would not have written.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			high, low := strings.IndexByte("0123456789ABCDEF", s[i+1]), strings.IndexByte("0123456789ABCDEF", s[i+2])
			if high >= 0 && low >= 0 && !taken(byte(high<<4|low)) {
				b.WriteByte(byte(high<<4 | low))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func taken(c byte) bool { return c > ' ' && c < 0x7f }

// printable returns a text for a message attribute, with what SQS refuses there replaced, and cut at a length. It is for
// reasons, which people read; nothing is decided by them.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r // what was no rune is utf8.RuneError already
	}, s)
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
