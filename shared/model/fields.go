package model

import (
	"reflect"
	"strings"
	"time"
)

// Type is the type of a data-model field as mappings see it.
type Type string

// The types.
const (
	Text    Type = "text"
	Number  Type = "number" // exact decimal
	Boolean Type = "boolean"
	Instant Type = "instant"
	Object  Type = "object"
	List    Type = "list"
	Any     Type = "any" // a system's field whose type is not known
)

// Field describes one field of the data model, or of a system's own shape.
type Field struct {
	Path    string `json:"path"` // dots step into objects, "[]" marks a list: "lines[].sku"
	Type    Type   `json:"type"`
	Doc     string `json:"doc,omitempty"`
	Example string `json:"example,omitempty"`
}

// Schema is the list of fields of a shape, objects and lists included, in the order users read them.
type Schema []Field

// Fields returns the schema of a kind's record; nil for a kind whose record the data model does not hold yet.
func Fields(k Kind) Schema {
	switch k {
	case Orders:
		return schemaOf(reflect.TypeFor[Order](), "")
	case Customers:
		return schemaOf(reflect.TypeFor[Customer](), "")
	case Products:
		return schemaOf(reflect.TypeFor[Product](), "")
	case Stock, Prices:
		return nil
	}
	return nil
}

func schemaOf(t reflect.Type, prefix string) Schema {
	var out Schema
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		field := Field{Path: prefix + name, Doc: f.Tag.Get("doc"), Example: f.Tag.Get("example")}
		inner, list := f.Type, false
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Slice {
			inner, list = inner.Elem(), true
		}
		switch {
		case list:
			field.Type = List
			out = append(out, field)
			out = append(out, schemaOf(inner, field.Path+"[].")...)
			continue
		case inner == decimalType:
			field.Type = Number
		case inner == timeType:
			field.Type = Instant
		case inner.Kind() == reflect.Struct:
			field.Type = Object
			out = append(out, field)
			out = append(out, schemaOf(inner, field.Path+".")...)
			continue
		case inner.Kind() == reflect.Bool:
			field.Type = Boolean
		default:
			field.Type = Text
		}
		out = append(out, field)
	}
	return out
}

var (
	decimalType = reflect.TypeFor[Decimal]()
	timeType    = reflect.TypeFor[time.Time]()
)
