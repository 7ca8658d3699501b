package afas

import (
	"fmt"
	"net/http"
	"time"
)

// environmentID is the inner name of the environment: a letter for its type,
// the participant and a suffix.
func (s *Sandbox) environmentID() string {
	letter := "T"
	switch s.opt.Type {
	case "production":
		letter = "O"
	case "accept":
		letter = "A"
	}
	return fmt.Sprintf("%s%dAA", letter, s.opt.Environment)
}

// serveMeta lists the connectors of the app connector.
func (s *Sandbox) serveMeta(w http.ResponseWriter) {
	type entry struct {
		ID          string `json:"id"`
		Description string `json:"description"`
	}
	var body struct {
		Update []entry `json:"updateConnectors"`
		Get    []entry `json:"getConnectors"`
		Info   struct {
			Environment string `json:"envid"`
			App         string `json:"appName"`
			Group       string `json:"group"`
			Expiry      string `json:"tokenExpiry"`
		} `json:"info"`
	}
	body.Update, body.Get = []entry{}, []entry{}
	for _, u := range s.updaters {
		if s.exposes(s.opt.UpdateConnectors, u.schema.name) {
			body.Update = append(body.Update, entry{u.schema.name, u.description})
		}
	}
	for _, g := range s.getters {
		if s.exposes(s.opt.GetConnectors, g.name()) {
			body.Get = append(body.Get, entry{g.name(), g.describe()})
		}
	}
	body.Info.Environment = s.environmentID()
	body.Info.App, body.Info.Group = "Koppeling", "Koppelingen"
	if !s.opt.TokenExpiry.IsZero() {
		body.Info.Expiry = s.opt.TokenExpiry.Format(time.DateOnly)
	}
	writeJSON(w, http.StatusOK, body)
}

type metaColumn struct {
	ID              string `json:"id"`
	FieldID         string `json:"fieldId"`
	DataType        string `json:"dataType"`
	Label           string `json:"label"`
	Length          int    `json:"length"`
	ControlType     int    `json:"controlType"`
	Decimals        int    `json:"decimals"`
	DecimalsFieldID string `json:"decimalsFieldId"`
}

// serveMetaGet describes the columns of a get connector.
func (s *Sandbox) serveMetaGet(w http.ResponseWriter, g getter) {
	var fields []metaColumn
	for i, c := range g.infos() {
		m := metaColumn{ID: c.id, FieldID: fmt.Sprintf("U%03d", i+1), DataType: c.kind.String(), Label: c.label, Length: c.length, ControlType: 1}
		switch c.kind {
		case decKind:
			m.ControlType, m.Decimals = 7, 2
		case boolKind:
			m.ControlType = 2
		case dateKind:
			m.ControlType = 3
		}
		fields = append(fields, m)
	}
	writeJSON(w, http.StatusOK, struct {
		Name        string       `json:"name"`
		Description string       `json:"description"`
		Fields      []metaColumn `json:"fields"`
	}{g.name(), g.describe(), fields})
}

type metaValue struct {
	ID          string `json:"id"`
	Description string `json:"description"`
}

type metaField struct {
	FieldID        string      `json:"fieldId"`
	PrimaryKey     bool        `json:"primaryKey"`
	DataType       string      `json:"dataType"`
	Label          string      `json:"label"`
	Mandatory      bool        `json:"mandatory"`
	Length         int         `json:"length"`
	Decimals       int         `json:"decimals"`
	DecimalFieldID string      `json:"decimalFieldId"`
	NotZero        bool        `json:"notzero"`
	ControlType    int         `json:"controlType"`
	Values         []metaValue `json:"values"`
}

type metaObject struct {
	Name    string       `json:"name"`
	Fields  []metaField  `json:"fields"`
	Objects []metaObject `json:"objects"`
}

// serveMetaUpdate describes the fields of an update connector.
func (s *Sandbox) serveMetaUpdate(w http.ResponseWriter, r *http.Request, u *updater) {
	o := describe(u.schema, s.english(r))
	for _, code := range s.opt.FreeFields {
		o.Fields = append(o.Fields, metaField{FieldID: code, DataType: "string", Label: code, Length: 255, ControlType: 1})
	}
	writeJSON(w, http.StatusOK, struct {
		ID          string `json:"id"`
		Description string `json:"description"`
		metaObject
	}{u.schema.name, u.description, o})
}

func describe(s *schema, english bool) metaObject {
	o := metaObject{Name: s.name, Fields: []metaField{}, Objects: []metaObject{}}
	for _, f := range s.fields {
		m := metaField{FieldID: f.code, PrimaryKey: f.key, DataType: f.dataType(), Label: f.nl, Mandatory: f.required, Length: f.length, ControlType: 1}
		if english {
			m.Label = f.en
		}
		if f.kind == "decimal" {
			m.Decimals = 2
		}
		for _, v := range f.values {
			m.Values = append(m.Values, metaValue{v, v})
		}
		o.Fields = append(o.Fields, m)
	}
	for _, sub := range s.subs {
		o.Objects = append(o.Objects, describe(sub, english))
	}
	return o
}

func (f *field) dataType() string {
	switch f.kind {
	case "enum", "memo", "guid":
		return "string"
	}
	return f.kind
}
