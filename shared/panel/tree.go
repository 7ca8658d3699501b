package panel

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// How deep and large a payload is shown as a tree; beyond that it is shown as plain text, complete.
const (
	treeDepth = 40
	treeNodes = 4000
)

// node is a value of a payload, in the order the source wrote it.
type node struct {
	Name     string // inside an object
	Index    int    // inside a list, from 1; 0 elsewhere
	Kind     string // object, list, text, number, bool or null: the name of its style
	Text     string // of a leaf, exactly as it came
	Children []node
	Open     bool // unfolded at first
	Plain    bool // the whole payload as text
}

// Branch reports whether the node has children to fold.
func (n node) Branch() bool { return len(n.Children) > 0 }

// Preview tells a folded branch apart from its neighbours: the first few short values in it.
func (n node) Preview() string {
	var short []string
	for _, child := range n.Children {
		if (child.Kind == "text" || child.Kind == "number") && child.Text != "" && len(child.Text) <= previewText {
			short = append(short, child.Text)
		}
		if len(short) == 3 {
			break
		}
	}
	return strings.Join(short, " · ")
}

// previewText is how long a value may be to stand in a preview; ids made by machines are longer.
const previewText = 30

// treeOf reads JSON as a tree; nil when there is none. What cannot be read as a tree is shown as the text it is.
func treeOf(raw []byte) *node {
	if len(bytes.TrimSpace(raw)) == 0 || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	left := treeNodes
	root, err := readNode(d, treeDepth, &left)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			unfold(&root)
			return &root
		}
	}
	return &node{Kind: "text", Text: string(raw), Plain: true}
}

var errTooLarge = errors.New("too large for a tree")

func readNode(d *json.Decoder, depth int, left *int) (node, error) {
	if *left--; *left < 0 || depth == 0 {
		return node{}, errTooLarge
	}
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		return readBranch(d, t, depth, left)
	case string:
		return node{Kind: "text", Text: t}, nil
	case json.Number:
		return node{Kind: "number", Text: t.String()}, nil
	case bool:
		if t {
			return node{Kind: "bool", Text: "true"}, nil
		}
		return node{Kind: "bool", Text: "false"}, nil
	}
	return node{Kind: "null", Text: "null"}, nil
}

func readBranch(d *json.Decoder, open json.Delim, depth int, left *int) (node, error) {
	n := node{Kind: "list"}
	if open == '{' {
		n.Kind = "object"
	}
	for d.More() {
		name := ""
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return n, err
			}
			name, _ = token.(string)
		}
		child, err := readNode(d, depth-1, left)
		if err != nil {
			return n, err
		}
		child.Name = name
		if open == '[' {
			child.Index = len(n.Children) + 1
		}
		n.Children = append(n.Children, child)
	}
	_, err := d.Token()
	return n, err
}

// unfold opens what fits a screen: the first level, small objects, and the first item of a list with what is in it.
func unfold(root *node) {
	root.Open = true
	for i := range root.Children {
		child := &root.Children[i]
		child.Open = len(child.Children) <= 14
		if child.Kind != "list" {
			continue
		}
		child.Open = true
		for j := range child.Children {
			item := &child.Children[j]
			item.Open = j == 0
			for k := range item.Children {
				item.Children[k].Open = len(item.Children[k].Children) <= 8
			}
		}
	}
}
