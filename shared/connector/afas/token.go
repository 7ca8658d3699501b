package afas

import (
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
)

// token is an app connector's user token. It has no String method that shows it.
type token struct{ data string }

// String keeps the token out of texts.
func (token) String() string { return "token" }

// GoString keeps the token out of texts.
func (token) GoString() string { return "token" }

var (
	tokenData = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)
	tokenXML  = regexp.MustCompile(`(?is)^<token>\s*<version>\s*1\s*</version>\s*<data>\s*([0-9a-f]{64})\s*</data>\s*</token>$`)
)

var errToken = errors.New("\"Token\" is not a token of an AFAS app connector: paste the whole text AFAS showed, from <token> to </token>")

// parseToken accepts a token the ways people have it: the XML text AFAS shows, its 64 digits alone, or the Base64 form that
// goes over the wire, with or without the word AfasToken before it.
func parseToken(text string) (token, error) {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "AfasToken "); ok {
		text = strings.TrimSpace(rest)
	}
	if tokenData.MatchString(text) {
		return token{text}, nil
	}
	if m := tokenXML.FindStringSubmatch(text); m != nil {
		return token{m[1]}, nil
	}
	packed := strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	plain, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return token{}, errToken
	}
	inner := strings.TrimSpace(string(plain))
	if m := tokenXML.FindStringSubmatch(inner); m != nil {
		return token{m[1]}, nil
	}
	return token{}, errToken
}

func (t token) xml() string {
	return "<token><version>1</version><data>" + t.data + "</data></token>"
}

// header returns the value of the Authorization header.
func (t token) header() string { return "AfasToken " + t.base64() }

func (t token) base64() string { return base64.StdEncoding.EncodeToString([]byte(t.xml())) }

// forms are the texts that must never be shown.
func (t token) forms() []string {
	return []string{t.base64(), t.xml(), t.data, strings.ToLower(t.data), strings.ToUpper(t.data)}
}
