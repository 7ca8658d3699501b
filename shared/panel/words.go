package panel

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// The catalogue: one file a language, named by its code. Adding a language is adding a file.
//
//go:embed texts/*.yaml
var textFiles embed.FS

// firstLanguage is spoken where no other fits, and lends its text where another lacks one.
const firstLanguage = "en"

// words is one language.
type words struct {
	tag      language.Tag
	texts    map[string]text
	fallback *words
}

// text is one entry of the catalogue: one form, or one per plural category of the language.
type text map[plural.Form]string

// pluralNames are the keys that make an entry one of several forms.
func pluralNames() map[string]plural.Form {
	return map[string]plural.Form{"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few,
		"many": plural.Many, "other": plural.Other}
}

// loadWords reads the catalogue, the first language in front.
func loadWords(files fs.FS) ([]*words, error) {
	names, err := fs.Glob(files, "texts/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("panel: texts: %w", err)
	}
	var list []*words
	var first *words
	for _, name := range names {
		w, err := readWords(files, name)
		if err != nil {
			return nil, fmt.Errorf("panel: %s: %w", name, err)
		}
		if w.tag.String() == firstLanguage {
			first = w
			continue
		}
		list = append(list, w)
	}
	if first == nil {
		return nil, fmt.Errorf("panel: texts/%s.yaml is missing", firstLanguage)
	}
	for _, w := range list {
		w.fallback = first
	}
	return append([]*words{first}, list...), nil
}

func readWords(files fs.FS, name string) (*words, error) {
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".yaml"))
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	w := &words{tag: tag, texts: map[string]text{}}
	return w, w.take("", tree)
}

// take flattens a tree of the file into keys with dots.
func (w *words) take(prefix string, tree map[string]any) error {
	forms := pluralNames()
	for name, value := range tree {
		key := prefix + name
		switch value := value.(type) {
		case string:
			if form, ok := forms[name]; ok && prefix != "" {
				key = strings.TrimSuffix(prefix, ".")
				if w.texts[key] == nil {
					w.texts[key] = text{}
				}
				w.texts[key][form] = value
				continue
			}
			w.texts[key] = text{plural.Other: value}
		case map[string]any:
			if err := w.take(key+".", value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s is neither a text nor a group of texts", key)
		}
	}
	return nil
}

// find returns the text of a key in this language or the first one.
func (w *words) find(key string) (text, *words, bool) {
	for ; w != nil; w = w.fallback {
		if t, ok := w.texts[key]; ok {
			return t, w, true
		}
	}
	return nil, nil, false
}

// has reports whether the catalogue knows the key.
func (w *words) has(key string) bool {
	_, _, ok := w.find(key)
	return ok
}

// say returns the text of a key with its places filled: a pair "what", x fills "{what}". A key that is missing is
// shown as it is, so that a page never fails for want of a word.
func (w *words) say(key string, pairs ...any) string {
	t, _, ok := w.find(key)
	if !ok {
		return key
	}
	return fill(t[plural.Other], pairs)
}

// count returns the form of a key that goes with n and fills "{n}" beside the pairs.
func (w *words) count(key string, n int, pairs ...any) string {
	t, of, ok := w.find(key)
	if !ok {
		return key
	}
	form, ok := t[plural.Cardinal.MatchPlural(of.tag, abs(n), 0, 0, 0, 0)]
	if !ok {
		form = t[plural.Other]
	}
	return fill(form, append([]any{"n", w.number(n)}, pairs...))
}

// or returns the text of prefix+name, or name itself: for words that come from elsewhere and may be new.
func (w *words) or(prefix, name string) string {
	if key := prefix + strings.ReplaceAll(strings.ToLower(name), " ", "-"); w.has(key) {
		return w.say(key)
	}
	return name
}

// code returns the language as pages and browsers write it.
func (w *words) code() string { return w.tag.String() }

func fill(form string, pairs []any) string {
	if len(pairs) == 0 {
		return form
	}
	list := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return strings.NewReplacer(list...).Replace(form)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// number writes a count with the language's thousands mark.
func (w *words) number(n int) string { return w.digits(strconv.Itoa(n)) }
