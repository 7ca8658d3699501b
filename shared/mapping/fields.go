package mapping

import "strings"

func (c *compiler) describe(t *ruleText, r rule, when []string) {
	text := func(s *scalar) string {
		if s == nil {
			return ""
		}
		return strings.TrimSpace(s.text)
	}
	info := FieldInfo{Field: r.field, From: text(t.from), Constant: text(t.value), Each: text(t.each), As: text(t.as), Where: text(t.where),
		When: strings.Join(when, " and "), Table: text(t.table), Line: t.pos.line}
	switch r.on {
	case onCreate:
		info.On = "create"
	case onUpdate:
		info.On = "update"
	}
	if t.def != nil {
		if info.Default = text(t.def.value); t.def.from != nil {
			info.Default = text(t.def.from)
		}
		info.Force = text(t.def.force)
	}
	c.fields = append(c.fields, info)
}

// FieldInfo describes one rule for a panel or a document.
type FieldInfo struct {
	Field    string `json:"field"` // output path; [] marks a list: lines[].sku
	From     string `json:"from,omitempty"`
	Constant string `json:"constant,omitempty"`
	Each     string `json:"each,omitempty"` // of a list: where its elements come from
	As       string `json:"as,omitempty"`
	Where    string `json:"where,omitempty"`
	When     string `json:"when,omitempty"` // the condition of the rule, with those of the rules around it
	Default  string `json:"default,omitempty"`
	Force    string `json:"force,omitempty"`
	Table    string `json:"table,omitempty"`
	On       string `json:"on,omitempty"` // create or update; empty for both
	Line     int    `json:"line"`
}

// Fields lists what the mapping fills, in the order of the file: a line for every field and every list.
func (p *Program) Fields() []FieldInfo { return append([]FieldInfo(nil), p.fields...) }
