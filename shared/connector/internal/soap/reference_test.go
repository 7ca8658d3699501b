package soap

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// referenceDecode does what Decode does, on encoding/xml: slower, and written from the other side.
func referenceDecode(document, root string, shape *Shape) (map[string]any, error) {
	d := xml.NewDecoder(strings.NewReader(document))
	envelope, err := referenceNode(d)
	if err != nil {
		return nil, err
	}
	if envelope.name != "Envelope" {
		return nil, errors.New("no envelope")
	}
	for _, body := range envelope.children {
		if body.name != "Body" || len(body.children) == 0 {
			continue
		}
		reply := body.children[0]
		if reply.name == "Fault" {
			f := &Fault{}
			for _, c := range reply.children {
				switch c.name {
				case "faultcode":
					code := trim(c.text)
					if i := strings.IndexByte(code, ':'); i >= 0 {
						code = code[i+1:]
					}
					if f.Code == "" {
						f.Code = code
					}
				case "faultstring":
					if f.Text == "" {
						f.Text = trim(c.text)
					}
				}
			}
			return nil, f
		}
		if root != "" && !strings.EqualFold(reply.name, root) {
			return nil, errors.New("other root")
		}
		return referenceObject(reply, shape), nil
	}
	return nil, errors.New("empty body")
}

type node struct {
	name, text string
	children   []node
}

// referenceNode reads the document up to the end of its first element.
func referenceNode(d *xml.Decoder) (node, error) {
	var stack []node
	for {
		token, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return node{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			stack = append(stack, node{name: t.Name.Local})
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		case xml.EndElement:
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if len(stack) == 0 {
				return n, nil
			}
			stack[len(stack)-1].children = append(stack[len(stack)-1].children, n)
		}
	}
}

func referenceObject(n node, shape *Shape) map[string]any {
	tree := map[string]any{}
	for _, child := range n.children {
		for _, f := range shape.Fields {
			if f.Name != child.name {
				continue
			}
			var value any
			ok := true
			switch {
			case f.Fold != nil:
				var leaves Leaves
				for _, c := range child.children {
					leaves = append(leaves, Leaf{c.name, c.text})
				}
				value = f.Fold(leaves)
				ok = value != nil
			case f.Kind == ObjectKind:
				value = referenceObject(child, f)
			default:
				value, ok = f.Kind.value(child.text)
			}
			if !ok {
				continue
			}
			if !f.Many {
				tree[f.Name] = value
				continue
			}
			list, _ := tree[f.Name].([]any)
			tree[f.Name] = append(list, value)
		}
	}
	return tree
}
