package soap

import "strings"

// Decode reads an answer: the element called root inside the body, as shape says. An empty root takes any. A fault in its
// place is returned as a *Fault; everything else that is wrong as a *FormatError. The whole document is walked over, so an
// answer that was cut is never taken for a short one. repaired counts characters that had to be dropped or replaced.
func Decode(document, root string, shape *Shape) (tree map[string]any, repaired int, err error) {
	sc := &scanner{s: document}
	if err := sc.prolog(); err != nil {
		return nil, 0, err
	}
	envelope, err := sc.start()
	if err != nil {
		return nil, 0, err
	}
	if envelope.local != "Envelope" {
		return nil, 0, &FormatError{Reason: "is not SOAP"}
	}
	found := false
	err = sc.children(envelope, func(t tag) error {
		if t.local != "Body" {
			return sc.skip(t)
		}
		return sc.children(t, func(t tag) error {
			if found {
				return sc.skip(t)
			}
			found = true
			tree, err = sc.reply(t, root, shape)
			return err
		})
	})
	if err == nil && !found {
		err = &FormatError{Reason: "has nothing in it", Offset: sc.pos}
	}
	if err != nil {
		return nil, sc.repaired, err
	}
	return tree, sc.repaired, nil
}

func (sc *scanner) reply(t tag, root string, shape *Shape) (map[string]any, error) {
	if t.local == "Fault" {
		value, err := sc.fold(t, faultShape.Fold)
		if err != nil {
			return nil, err
		}
		return nil, value.(*Fault)
	}
	if root != "" && !strings.EqualFold(t.local, root) {
		return nil, &FormatError{Reason: "belongs to another question", Offset: sc.pos}
	}
	if shape == nil {
		return nil, sc.skip(t)
	}
	return sc.object(t, shape)
}

// faultShape reads the children of a fault, which have no namespace and therefore often no prefix.
var faultShape = Folded("Fault", ObjectKind, "", "", func(l Leaves) any {
	code := trim(l.Get("faultcode"))
	if _, local, ok := strings.Cut(code, ":"); ok {
		code = local
	}
	return &Fault{Code: code, Text: trim(l.Get("faultstring"))}
})

// children calls visit with each child of t. visit must pass over the whole child.
func (sc *scanner) children(t tag, visit func(tag) error) error {
	if t.empty {
		return nil
	}
	if err := sc.enter(); err != nil {
		return err
	}
	defer sc.leave()
	for {
		child, done, err := sc.next(t.name, nil)
		if err != nil || done {
			return err
		}
		if err := visit(child); err != nil {
			return err
		}
	}
}

// value reads an element; ok is false when it is to be left out.
func (sc *scanner) value(t tag, shape *Shape) (value any, ok bool, err error) {
	switch {
	case shape.Fold != nil:
		value, err = sc.fold(t, shape.Fold)
		return value, value != nil, err
	case shape.Kind == ObjectKind:
		value, err = sc.object(t, shape)
		return value, true, err
	}
	text, err := sc.leaf(t)
	if err != nil {
		return nil, false, err
	}
	value, ok = shape.Kind.value(text)
	return value, ok, nil
}

// leaf reads the text of an element; elements inside are passed over.
func (sc *scanner) leaf(t tag) (string, error) {
	if t.empty {
		return "", nil
	}
	var keep text
	for {
		child, done, err := sc.next(t.name, &keep)
		if err != nil || done {
			return keep.String(), err
		}
		if err := sc.enter(); err != nil {
			return "", err
		}
		if err := sc.skip(child); err != nil {
			return "", err
		}
		sc.leave()
	}
}

// fold reads an element of leaves.
func (sc *scanner) fold(t tag, fold func(Leaves) any) (any, error) {
	if t.empty {
		return fold(nil), nil
	}
	if err := sc.enter(); err != nil {
		return nil, err
	}
	defer sc.leave()
	base := len(sc.leaves)
	for {
		child, done, err := sc.next(t.name, nil)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
		text, err := sc.leaf(child)
		if err != nil {
			return nil, err
		}
		sc.leaves = append(sc.leaves, Leaf{Name: child.local, Text: text})
	}
	value := fold(sc.leaves[base:])
	sc.leaves = sc.leaves[:base]
	return value, nil
}

// object reads an element of elements. Of an element that comes twice without being a list, the last one counts.
func (sc *scanner) object(t tag, shape *Shape) (map[string]any, error) {
	if t.empty {
		return map[string]any{}, nil
	}
	if err := sc.enter(); err != nil {
		return nil, err
	}
	defer sc.leave()
	base := len(sc.entries)
	for {
		child, done, err := sc.next(t.name, nil)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
		field := shape.byName[child.local]
		if field == nil {
			if err := sc.skip(child); err != nil {
				return nil, err
			}
			continue
		}
		value, ok, err := sc.value(child, field)
		if err != nil {
			return nil, err
		}
		if ok {
			sc.put(base, field, value)
		}
	}
	frame := sc.entries[base:]
	tree := make(map[string]any, len(frame))
	for i := range frame {
		if frame[i].list != nil {
			tree[frame[i].key] = frame[i].list
		} else {
			tree[frame[i].key] = frame[i].value
		}
	}
	clear(frame)
	sc.entries = sc.entries[:base]
	return tree, nil
}

// put notes a child of the object whose entries begin at base. Elements of a list usually follow each other.
func (sc *scanner) put(base int, field *Shape, value any) {
	if !field.Many {
		sc.entries = append(sc.entries, entry{key: field.Name, value: value})
		return
	}
	for i := len(sc.entries) - 1; i >= base; i-- {
		if sc.entries[i].key == field.Name {
			sc.entries[i].list = append(sc.entries[i].list, value)
			return
		}
	}
	sc.entries = append(sc.entries, entry{key: field.Name, list: []any{value}})
}
