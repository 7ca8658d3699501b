package afas

import (
	"strconv"

	"apicenter/shared/connector/internal/jsonhttp"
	"apicenter/shared/model"
)

// pair is one field of an element: AFAS' code and a value that is a string, bool, int64 or model.Decimal.
type pair struct {
	code  string
	value any
}

// element is one record of an UpdateConnector, or of an object below one.
type element struct {
	attributes []pair // keys such as @DbId
	fields     []pair
	objects    []object
}

// object is a named list of elements below another.
type object struct {
	name     string
	elements []element
}

// encode writes a request body: the root object with one element.
func encode(root string, e element) []byte {
	dst := make([]byte, 0, 1024)
	dst = append(dst, '{')
	dst = (&object{name: root, elements: []element{e}}).append(dst)
	return append(dst, '}')
}

func (o *object) append(dst []byte) []byte {
	dst = jsonhttp.AppendString(dst, o.name)
	dst = append(dst, `:{"Element":[`...)
	for i := range o.elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = o.elements[i].append(dst)
	}
	return append(dst, "]}"...)
}

func (e *element) append(dst []byte) []byte {
	dst = append(dst, '{')
	for _, a := range e.attributes {
		dst = append(a.append(dst), ',')
	}
	dst = append(dst, `"Fields":{`...)
	for i, f := range e.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = f.append(dst)
	}
	dst = append(dst, '}')
	if len(e.objects) > 0 {
		dst = append(dst, `,"Objects":[`...)
		for i := range e.objects {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(e.objects[i].append(append(dst, '{')), '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func (p pair) append(dst []byte) []byte {
	dst = append(jsonhttp.AppendString(dst, p.code), ':')
	switch v := p.value.(type) {
	case string:
		return jsonhttp.AppendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case model.Decimal:
		return append(dst, v.String()...)
	}
	return append(dst, "null"...)
}

// form is how AFAS takes a field's value.
type form int

const (
	code   form = iota // a key or a code: never cut
	text               // cut at the longest AFAS takes, with a warning
	memo               // text of any length
	whole              // a whole number
	number             // an exact decimal
	yes                // true or false
	day                // a date
)

// field describes one field of a write object, as schemas, checks and messages need it.
type field struct {
	code      string
	form      form
	max       int
	doc       string
	example   string
	model     string   // the data-model field or setting to look at when AFAS refuses the value
	labels    []string // what AFAS calls it, in English and Dutch
	orderOnly bool     // FbSales has it, FbDirectInvoice has not
	loose     bool     // a mapping may fill it with any text; the connector makes of it what fits
}

var formTypes = map[form]model.Type{code: model.Text, text: model.Text, memo: model.Text, whole: model.Number,
	number: model.Number, yes: model.Boolean, day: model.Text}

// schemaOf lists fields as the panel and the mapping compiler see them.
func schemaOf(prefix string, fields []field) model.Schema {
	out := make(model.Schema, 0, len(fields))
	for _, f := range fields {
		kind := formTypes[f.form]
		if f.loose {
			kind = model.Text
		}
		out = append(out, model.Field{Path: prefix + f.code, Type: kind, Doc: f.doc, Example: f.example})
	}
	return out
}

// freeFields is the part of an element that holds the fields an administrator added, under their codes.
const freeFields = "free"

// withFree adds that part to a schema.
func withFree(prefix string, fields []field) model.Schema {
	return append(schemaOf(prefix, fields), model.Field{Path: prefix + freeFields, Type: model.Any,
		Doc: "Fields your administrator added, by their code: free.U followed by 32 digits."})
}
