package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"apicenter/shared/model"
)

// Canonical returns the tree as JSON in its one form: keys sorted, decimals without zeros at their end and as texts, times in
// UTC. Equal trees give equal bytes, in this release and in later ones.
func Canonical(tree model.Tree) []byte {
	return appendValue(make([]byte, 0, 1024), tree)
}

// Fingerprint returns a hash of the canonical form: equal when there is nothing to send. It is stable over releases.
func Fingerprint(tree model.Tree) string {
	sum := sha256.Sum256(Canonical(tree))
	return hex.EncodeToString(sum[:16])
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case model.Decimal:
		return appendText(b, v.Trim(0).String())
	case json.Number:
		return append(b, v...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case time.Time:
		return appendText(b, v.UTC().Format(time.RFC3339Nano))
	case []any:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, element)
		}
		return append(b, ']')
	case model.Tree:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, name), ':')
			b = appendValue(b, v[name])
		}
		return append(b, '}')
	}
	return append(b, "null"...) // a tree has no other leaves
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON text. It escapes what JSON demands and nothing else, so that the form does not depend on the
// habits of a library.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			i++
		case c < utf8.RuneSelf:
			b = append(b, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, "\uFFFD"...)
			} else {
				b = append(b, s[i:i+size]...)
			}
			i += size
		}
	}
	return append(b, '"')
}
