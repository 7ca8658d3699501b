package function

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"apicenter/shared/model"
)

func textFuncs() []Func {
	text := func(f Func) Func {
		f.Family = "text"
		if f.Returns == "" {
			f.Returns = model.Text
		}
		return f
	}
	return []Func{
		text(Func{Name: "text", Args: "value", Min: 1, Max: 1, Call: asText,
			Doc:      "The value as text. Numbers keep their digits; of a decimal the zeros at the end go.",
			Examples: []Example{{`text(2.50)`, `"2.5"`, ""}, {`text(100)`, `"100"`, ""}, {`text(true)`, `"true"`, ""}}}),
		text(Func{Name: "trim", Args: "text", Min: 1, Max: 1, Call: onText("trim", strings.TrimSpace),
			Doc:      "The text without white space at either end.",
			Examples: []Example{{`trim("  Mug, blue ")`, `"Mug, blue"`, ""}}}),
		text(Func{Name: "upper", Args: "text", Min: 1, Max: 1, Call: onText("upper", strings.ToUpper),
			Doc:      "The text in capitals.",
			Examples: []Example{{`upper("stk")`, `"STK"`, ""}}}),
		text(Func{Name: "lower", Args: "text", Min: 1, Max: 1, Call: onText("lower", strings.ToLower),
			Doc:      "The text in small letters.",
			Examples: []Example{{`lower("STK")`, `"stk"`, ""}}}),
		text(Func{Name: "cut", Args: "text, length", Min: 2, Max: 2, Notes: true, Call: cut,
			Doc: "The first characters of the text, at most length. A text that was longer is mentioned in a warning.",
			Examples: []Example{{`cut("Mug, blue", 20)`, `"Mug, blue"`, ""},
				{`cut("Café Noir", 4)`, `"Café"`, "the text was cut from 9 to 4 characters"}}}),
		text(Func{Name: "pad", Args: "text, length, fill", Min: 3, Max: 3, Call: pad,
			Doc:      "The text made at least length characters long by putting the fill character before it. An empty text stays empty.",
			Examples: []Example{{`pad(318, 6, "0")`, `"000318"`, ""}, {`pad("1234567", 6, "0")`, `"1234567"`, ""}}}),
		text(Func{Name: "replace", Args: "text, old, new", Min: 3, Max: 3, Call: replace,
			Doc:      "The text with every occurrence of old replaced by new.",
			Examples: []Example{{`replace("06-12-34", "-", "")`, `"061234"`, ""}}}),
		text(Func{Name: "digits", Args: "text", Min: 1, Max: 1, Call: onText("digits", digits),
			Doc:      "Only the digits 0 to 9 of the text.",
			Examples: []Example{{`digits("ART-00123/b")`, `"00123"`, ""}}}),
		text(Func{Name: "split", Args: "text, separator", Min: 2, Max: 2, Returns: model.List, Call: split,
			Doc:      "The list of texts between the separators.",
			Examples: []Example{{`split("red;blue", ";")`, `["red","blue"]`, ""}, {`split("", ";")`, `null`, ""}}}),
		text(Func{Name: "join", Args: "list, separator", Min: 2, Max: 2, Call: join,
			Doc:      "One text of all elements that are filled, with the separator between them.",
			Examples: []Example{{`join(["Anna", "", "Berg"], " ")`, `"Anna Berg"`, ""}}}),
		text(Func{Name: "coalesce", Args: "a, b, …", Min: 1, Max: -1, Returns: model.Any, Call: coalesce,
			Doc:      "The first of the values that is filled. Zero and no are filled.",
			Examples: []Example{{`coalesce("", "5001")`, `"5001"`, ""}, {`coalesce(nil, 0, 5)`, `0`, ""}}}),
	}
}

func asText(args []any) (any, error) {
	s, err := textOf("text", args[0])
	if err != nil || s == "" {
		return nil, err
	}
	return s, nil
}

func cut(args []any) (any, error) {
	s, err := textOf("cut", args[0])
	if err != nil || s == "" {
		return nil, err
	}
	n, err := whole("cut", "length", args[1], MaxText)
	if err != nil || len(s) <= n {
		return s, err
	}
	length := utf8.RuneCountInString(s)
	if length <= n {
		return s, nil
	}
	at := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return Noted{s[:at], fmt.Sprintf("the text was cut from %d to %d characters", length, n)}, nil
}

func pad(args []any) (any, error) {
	s, err := textOf("pad", args[0])
	if err != nil || s == "" {
		return nil, err
	}
	n, err := whole("pad", "length", args[1], 1000)
	if err != nil {
		return nil, err
	}
	fill, err := textOf("pad", args[2])
	if err != nil || utf8.RuneCountInString(fill) != 1 {
		return nil, errors.New("pad needs one character to fill with")
	}
	if missing := n - utf8.RuneCountInString(s); missing > 0 {
		s = strings.Repeat(fill, missing) + s
	}
	return s, nil
}

func replace(args []any) (any, error) {
	var s [3]string
	for i := range s {
		var err error
		if s[i], err = textOf("replace", args[i]); err != nil {
			return nil, err
		}
	}
	if s[1] == "" {
		return nil, errors.New("replace needs a text to look for")
	}
	if n := strings.Count(s[0], s[1]); len(s[0])+n*(len(s[2])-len(s[1])) > MaxText {
		return nil, errTooLong
	}
	return strings.ReplaceAll(s[0], s[1], s[2]), nil
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func split(args []any) (any, error) {
	s, err := textOf("split", args[0])
	if err != nil || s == "" {
		return nil, err
	}
	separator, err := textOf("split", args[1])
	if err != nil || separator == "" {
		return nil, errors.New("split needs a text to split at")
	}
	if strings.Count(s, separator) >= MaxList {
		return nil, fmt.Errorf("split makes a list of more than %d elements", MaxList)
	}
	parts := strings.Split(s, separator)
	list := make([]any, len(parts))
	for i, part := range parts {
		list[i] = part
	}
	return list, nil
}

func join(args []any) (any, error) {
	separator, err := textOf("join", args[1])
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, element := range List(args[0]) {
		s, err := textOf("join", element)
		if err != nil {
			return nil, err
		}
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(separator)
		}
		b.WriteString(s)
		if b.Len() > MaxText {
			return nil, errTooLong
		}
	}
	if b.Len() == 0 {
		return nil, nil
	}
	return b.String(), nil
}

func coalesce(args []any) (any, error) {
	for _, v := range args {
		if !Empty(v) {
			return v, nil
		}
	}
	return nil, nil
}
