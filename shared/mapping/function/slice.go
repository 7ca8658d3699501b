package function

import (
	"fmt"
)

// Slice is value[from:to] on the characters of a text or the elements of a list. Places beyond the end count as the end;
// negative ones count from it.
func Slice(v, from, to any) (any, error) {
	list, isList := v.([]any)
	var text []rune
	if !isList {
		s, err := Text(v)
		if err != nil {
			return nil, fmt.Errorf("[from:to] needs a text or a list but got %s", Describe(v))
		}
		text = []rune(s)
	}
	n := max(len(list), len(text))
	low, err := bound(from, 0, n)
	if err != nil {
		return nil, err
	}
	high, err := bound(to, n, n)
	if err != nil {
		return nil, err
	}
	high = max(low, high)
	if isList {
		return list[low:high:high], nil
	}
	return string(text[low:high]), nil
}

func bound(v any, absent, n int) (int, error) {
	if v == nil {
		return absent, nil
	}
	d, present, err := Number(v)
	if err != nil || !present || !d.IsInt() {
		return 0, fmt.Errorf("[from:to] needs whole numbers but got %s", Describe(v))
	}
	i, _, ok := d.Int64(0)
	if !ok {
		i = int64(n)
	}
	if i < 0 {
		i += int64(n)
	}
	return int(min(max(i, 0), int64(n))), nil
}
