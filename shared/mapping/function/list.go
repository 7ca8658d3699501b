package function

import (
	"fmt"
	"unicode/utf8"

	"github.com/govalues/decimal"

	"apicenter/shared/model"
)

func listFuncs() []Func {
	list := func(f Func) Func {
		f.Family = "lists"
		return f
	}
	return []Func{
		list(Func{Name: "len", Args: "value", Min: 1, Max: 1, Returns: model.Number, Call: length,
			Doc:      "How many elements a list has, or how many characters a text; 0 for nothing.",
			Examples: []Example{{`len(["a", "b"])`, `2`, ""}, {`len("Café")`, `4`, ""}, {`len(nil)`, `0`, ""}}}),
		list(Func{Name: "first", Args: "list", Min: 1, Max: 1, Returns: model.Any, Call: end(false),
			Doc:      "The first element of the list.",
			Examples: []Example{{`first(split("red;blue", ";"))`, `"red"`, ""}}}),
		list(Func{Name: "last", Args: "list", Min: 1, Max: 1, Returns: model.Any, Call: end(true),
			Doc:      "The last element of the list.",
			Examples: []Example{{`last(split("red;blue", ";"))`, `"blue"`, ""}}}),
		list(Func{Name: "concat", Args: "a, b, …", Min: 1, Max: -1, Returns: model.List, Call: concatLists,
			Doc:      "One list of all elements of the lists. A single value counts as a list of one, nothing as an empty list.",
			Examples: []Example{{`concat(["a"], "b", nil)`, `["a","b"]`, ""}}}),
	}
}

func length(args []any) (any, error) {
	n := 0
	switch v := args[0].(type) {
	case []any:
		n = len(v)
	case model.Tree:
		n = 1
	default:
		s, err := textOf("len", v)
		if err != nil {
			return nil, err
		}
		n = utf8.RuneCountInString(s)
	}
	return decimal.MustNew(int64(n), 0), nil
}

func end(last bool) func([]any) (any, error) {
	return func(args []any) (any, error) {
		list := List(args[0])
		switch {
		case len(list) == 0:
			return nil, nil
		case last:
			return list[len(list)-1], nil
		}
		return list[0], nil
	}
}

func concatLists(args []any) (any, error) {
	var all []any
	for _, arg := range args {
		all = append(all, List(arg)...)
		if len(all) > MaxList {
			return nil, fmt.Errorf("concat makes a list of more than %d elements", MaxList)
		}
	}
	return all, nil
}
