package panel

import "strings"

// jsonLayout lays compact JSON out: what fits a line stays on it, a branch that only leads to another branch opens with it
// on one line, and a few plain members share lines.
type jsonLayout struct{ lines []codeLine }

func (l *jsonLayout) value(v string, depth int, before, behind string) {
	opening, closing, list := "", "", []string(nil)
	for {
		if line := before + opening + spread(v) + closing + behind; !branch(v) || 2*depth+len(line) <= codeWidth {
			l.add(depth, line)
			return
		}
		list = members(v[1 : len(v)-1])
		opening, closing = opening+v[:1], v[len(v)-1:]+closing
		name, inner := member(v, list[0])
		if len(list) > 1 || !branch(inner) {
			break
		}
		opening, v = opening+name, inner
	}
	l.add(depth, before+opening)
	if plain(v, list) && len(v) <= 2*codeWidth {
		l.fill(list, depth+1)
	} else {
		for i, m := range list {
			name, inner := member(v, m)
			l.value(inner, depth+1, name, comma(i, list))
		}
	}
	l.add(depth, closing+behind)
}

// fill writes members side by side, as many as fit a line.
func (l *jsonLayout) fill(list []string, depth int) {
	line := ""
	for i, m := range list {
		next := spread(m) + comma(i, list)
		if line != "" && 2*depth+len(line)+1+len(next) > codeWidth {
			l.add(depth, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+next, " ")
	}
	l.add(depth, line)
}

// branch reports whether compact JSON is an object or list with something in it.
func branch(v string) bool { return (v[0] == '{' || v[0] == '[') && len(v) > 2 }

// plain reports whether no member of v is a branch.
func plain(v string, list []string) bool {
	for _, m := range list {
		if _, inner := member(v, m); branch(inner) {
			return false
		}
	}
	return true
}

// member takes the name off a member of an object.
func member(v, m string) (name, inner string) {
	if v[0] != '{' {
		return "", m
	}
	end := endOfString(m, 0)
	return m[:end] + ": ", m[end+1:]
}

func comma(i int, list []string) string {
	if i == len(list)-1 {
		return ""
	}
	return ","
}

func (l *jsonLayout) add(depth int, line string) {
	l.lines = append(l.lines, codeLine{Depth: depth, Spans: jsonSpans(line)})
}

// members cuts the inside of a compact object or list at its own commas.
func members(s string) []string {
	var out []string
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i = endOfString(s, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				out, from = append(out, s[from:i]), i+1
			}
		}
	}
	return append(out, s[from:])
}

// spread puts a space behind commas and colons of compact JSON, for a value that stays on one line.
func spread(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			end := endOfString(s, i)
			b.WriteString(s[i:end])
			i = end - 1
			continue
		}
		b.WriteByte(s[i])
		if s[i] == ',' || s[i] == ':' {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// endOfString returns the index behind the JSON string that begins at i.
func endOfString(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// jsonSpans colours a piece of valid JSON.
func jsonSpans(s string) []span {
	var out []span
	for i := 0; i < len(s); {
		end := i + 1
		class := "mark"
		switch c := s[i]; {
		case c == '"':
			end = endOfString(s, i)
			class = "text"
			if end < len(s) && s[end] == ':' {
				class = "name"
			}
		case c == '-' || c >= '0' && c <= '9':
			class = "number"
			for end < len(s) && strings.IndexByte("0123456789+-.eE", s[end]) >= 0 {
				end++
			}
		case c >= 'a' && c <= 'z':
			class = "bool"
			for end < len(s) && s[end] >= 'a' && s[end] <= 'z' {
				end++
			}
		default:
			for end < len(s) && strings.IndexByte("{}[]:, ", s[end]) >= 0 {
				end++
			}
		}
		out = append(out, span{class, s[i:end]})
		i = end
	}
	return out
}
