package model

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/govalues/decimal"
)

// Tree is a record without a Go type: what mappings read and fill. Its leaves are string, bool, Decimal, time.Time,
// json.Number (as decoded from a source) and nil; its branches Tree and []any.
type Tree = map[string]any

// ToTree returns a record of the data model as a tree. Optional parts that are absent are absent in the tree; every other
// field is present, so that an expression can tell an empty text from a missing object.
func ToTree(record any) Tree {
	v := reflect.Indirect(reflect.ValueOf(record))
	return planOf(v.Type()).tree(v)
}

// FromTree fills the record that into points to from a tree. Decimals may come as Decimal, json.Number or text, instants
// as time.Time or RFC 3339 text. All misfits are reported, each with its path; a field the record does not have is one.
func FromTree(tree Tree, into any) error {
	v := reflect.ValueOf(into).Elem()
	var problems []string
	planOf(v.Type()).fill(v, tree, "", &problems)
	if len(problems) > 0 {
		return fmt.Errorf("%s", strings.Join(problems, "; "))
	}
	return nil
}

// plan is what reflection found out about a struct once.
type plan struct {
	fields []planField
	byName map[string]int
}

type planField struct {
	name     string
	index    int
	shape    shape
	pointer  bool
	optional bool
	inner    *plan
}

type shape int

const (
	leafText shape = iota
	leafBool
	leafDecimal
	leafTime
	branchObject
	branchList
)

var plans sync.Map // reflect.Type to *plan: a cache of what the types themselves say, never of data

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{byName: map[string]int{}}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		pf := planField{name: name, index: i, optional: strings.Contains(options, "omitempty")}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			pf.pointer, inner = true, inner.Elem()
		}
		switch {
		case inner == decimalType:
			pf.shape = leafDecimal
		case inner == timeType:
			pf.shape = leafTime
		case inner.Kind() == reflect.Slice:
			pf.shape, pf.inner = branchList, planOf(inner.Elem())
		case inner.Kind() == reflect.Struct:
			pf.shape, pf.inner = branchObject, planOf(inner)
		case inner.Kind() == reflect.Bool:
			pf.shape = leafBool
		case inner.Kind() == reflect.String:
			pf.shape = leafText
		default:
			panic(fmt.Sprintf("model: field %s.%s has a type the data model does not use", t, f.Name))
		}
		p.byName[name] = len(p.fields)
		p.fields = append(p.fields, pf)
	}
	plans.Store(t, p)
	return p
}

func (p *plan) tree(v reflect.Value) Tree {
	out := make(Tree, len(p.fields))
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.Field(f.index)
		if f.pointer {
			if fv.IsNil() {
				continue
			}
			fv = fv.Elem()
		}
		switch f.shape {
		case leafText:
			out[f.name] = fv.String()
		case leafBool:
			out[f.name] = fv.Bool()
		case leafDecimal, leafTime:
			out[f.name] = fv.Interface()
		case branchObject:
			out[f.name] = f.inner.tree(fv)
		case branchList:
			list := make([]any, fv.Len())
			for j := range list {
				list[j] = f.inner.tree(fv.Index(j))
			}
			out[f.name] = list
		}
	}
	return out
}

func (p *plan) fill(v reflect.Value, tree Tree, path string, problems *[]string) {
	for name, value := range tree {
		i, ok := p.byName[name]
		if !ok {
			*problems = append(*problems, fmt.Sprintf("the data model has no field %s", path+name))
			continue
		}
		if value == nil {
			continue
		}
		f := &p.fields[i]
		fv := v.Field(f.index)
		if f.pointer {
			if fv.IsNil() {
				fv.Set(reflect.New(fv.Type().Elem()))
			}
			fv = fv.Elem()
		}
		if !f.set(fv, value, path+name, problems) {
			*problems = append(*problems, fmt.Sprintf("%s: %s is not %s", path+name, describe(value), shapeNames[f.shape]))
		}
	}
}

func (f *planField) set(fv reflect.Value, value any, path string, problems *[]string) bool {
	switch f.shape {
	case leafText:
		switch s := value.(type) {
		case string:
			fv.SetString(s)
		case json.Number:
			fv.SetString(s.String())
		case Decimal:
			fv.SetString(s.Trim(0).String())
		default:
			return false
		}
		return true
	case leafBool:
		b, ok := value.(bool)
		if ok {
			fv.SetBool(b)
		}
		return ok
	case leafDecimal:
		d, ok := ToDecimal(value)
		if ok {
			*fv.Addr().Interface().(*Decimal) = d
		}
		return ok
	case leafTime:
		t, ok := ToTime(value)
		if ok {
			*fv.Addr().Interface().(*time.Time) = t
		}
		return ok
	case branchObject:
		sub, ok := value.(Tree)
		if ok {
			f.inner.fill(fv, sub, path+".", problems)
		}
		return ok
	case branchList:
		list, ok := value.([]any)
		if !ok {
			return false
		}
		if len(list) == 0 {
			return true
		}
		fv.Set(reflect.MakeSlice(fv.Type(), len(list), len(list)))
		for j, element := range list {
			sub, ok := element.(Tree)
			if !ok {
				return false
			}
			f.inner.fill(fv.Index(j), sub, fmt.Sprintf("%s[%d].", path, j), problems)
		}
		return true
	}
	return false
}

var shapeNames = map[shape]string{
	leafText: "text", leafBool: "yes or no", leafDecimal: "a number", leafTime: "a point in time",
	branchObject: "an object", branchList: "a list of objects",
}

// describe names a value by its type only: the value itself may be personal data.
func describe(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case bool:
		return "yes or no"
	case Decimal, json.Number:
		return "a number"
	case time.Time:
		return "a point in time"
	case []any:
		return "a list"
	case Tree:
		return "an object"
	}
	return fmt.Sprintf("a %T", value)
}

// ToDecimal reads a decimal from a leaf of a tree: Decimal, json.Number, or text that is nothing but a number.
func ToDecimal(value any) (Decimal, bool) {
	switch n := value.(type) {
	case Decimal:
		return n, true
	case json.Number:
		d, err := decimal.Parse(n.String())
		return d, err == nil
	case string:
		if n == "" {
			return Decimal{}, true
		}
		d, err := decimal.Parse(n)
		return d, err == nil
	case int:
		d, err := decimal.New(int64(n), 0)
		return d, err == nil
	case int64:
		d, err := decimal.New(n, 0)
		return d, err == nil
	}
	return Decimal{}, false
}

// ToTime reads an instant from a leaf of a tree, in UTC.
func ToTime(value any) (time.Time, bool) {
	switch t := value.(type) {
	case time.Time:
		return t.UTC(), true
	case string:
		parsed, err := time.Parse(time.RFC3339Nano, t)
		return parsed.UTC(), err == nil
	}
	return time.Time{}, false
}
