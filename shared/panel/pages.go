package panel

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
)

//go:embed *.html
var templateFiles embed.FS

// pages turns views into HTML. Templates are parsed once per language, at the first page in it.
type pages struct {
	list    []*words
	matcher language.Matcher
	parsed  map[*words]func() (map[string]*template.Template, error)
}

// page is what every page has beside its own view.
type page struct {
	Name  string // of the template
	Title string
	Nav   string // the entry of the navigation the page belongs to
	Live  string // address of the counters the script refreshes; empty for none
	View  any

	Note *note

	// The rest is filled in by show.
	Now       string // RFC 3339
	SignedIn  bool
	Tenant    string
	Token     string
	Back      string
	Language  string
	Languages []languageChoice
}

// languageChoice is a language the visitor may choose.
type languageChoice struct {
	Code, Name string
	Current    bool
}

func newPages(assetURL func(string) string) (*pages, error) {
	list, err := loadWords(textFiles)
	if err != nil {
		return nil, err
	}
	p := &pages{list: list, parsed: map[*words]func() (map[string]*template.Template, error){}}
	tags := make([]language.Tag, len(list))
	for i, w := range list {
		tags[i] = w.tag
		p.parsed[w] = sync.OnceValues(func() (map[string]*template.Template, error) { return parsePages(w, assetURL) })
	}
	p.matcher = language.NewMatcher(tags)
	return p, nil
}

// choose returns the language that fits the wishes best, the first wish first.
func (p *pages) choose(wishes ...string) *words {
	for _, wish := range wishes {
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, confidence := p.matcher.Match(tags...); confidence != language.No {
			return p.list[i]
		}
	}
	return p.list[0]
}

// speaks reports whether there is a language with the code.
func (p *pages) speaks(code string) bool {
	return slices.ContainsFunc(p.list, func(w *words) bool { return w.code() == code })
}

// parsePages makes one template a page: the frame and the parts, then the page itself.
func parsePages(w *words, assetURL func(string) string) (map[string]*template.Template, error) {
	frame, err := template.New("layout.html").Funcs(template.FuncMap{
		"say": w.say, "count": w.count, "number": w.number, "asset": assetURL,
	}).ParseFS(templateFiles, "layout.html", "parts.html")
	if err != nil {
		return nil, fmt.Errorf("panel: %w", err)
	}
	names, err := templateFiles.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("panel: %w", err)
	}
	out := map[string]*template.Template{}
	for _, entry := range names {
		name := strings.TrimSuffix(entry.Name(), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		t, err := frame.Clone()
		if err == nil {
			t, err = t.ParseFS(templateFiles, entry.Name())
		}
		if err != nil {
			return nil, fmt.Errorf("panel: %w", err)
		}
		out[name] = t
	}
	return out, nil
}

// render writes a page as HTML.
func (p *pages) render(w io.Writer, words *words, data page) error {
	parsed, err := p.parsed[words]()
	if err != nil {
		return err
	}
	t, ok := parsed[data.Name]
	if !ok {
		return fmt.Errorf("panel: there is no page %q", data.Name)
	}
	data.Language = words.code()
	for _, other := range p.list {
		data.Languages = append(data.Languages, languageChoice{Code: other.code(), Name: other.say("language"), Current: other == words})
	}
	return t.ExecuteTemplate(w, "layout.html", data)
}

// show answers with a page. The page is complete before its first byte leaves, so that a failure can still be told.
func (p *Panel) show(w http.ResponseWriter, r *http.Request, v *visit, status int, data page) error {
	data.Now = v.now.UTC().Format(time.RFC3339)
	if v.tenant.ID != "" {
		data.SignedIn, data.Tenant, data.Token = true, v.tenant.Name, v.session.Form
		if data.Note == nil {
			data.Note = p.hear(w, r, v)
		}
		if r.Method == http.MethodGet {
			data.Back = r.URL.RequestURI()
		}
	}
	var body bytes.Buffer
	if err := p.pages.render(&body, v.words, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", v.words.code())
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		return errSaid // the browser has gone
	}
	return nil
}
