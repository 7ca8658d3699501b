package main

import (
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"apicenter/shared/connector/all"
	"apicenter/shared/model"
)

// systemsCommand prints what each system can do, from the connectors' own declarations.
type systemsCommand struct {
	JSON bool `help:"Print JSON."`
}

type capability struct {
	System string              `json:"system"`
	Title  string              `json:"title"`
	Source map[model.Kind]bool `json:"source"`
	Target map[model.Kind]bool `json:"target"`
	Orders []string            `json:"orderTypes,omitempty"`
}

// Run prints the matrix.
func (c *systemsCommand) Run() error {
	var list []capability
	for _, con := range all.Connectors() {
		one := capability{System: con.Name, Title: con.Title, Source: map[model.Kind]bool{}, Target: map[model.Kind]bool{},
			Orders: con.Target[model.Orders].Types}
		for _, k := range model.Kinds() {
			_, one.Source[k] = con.Source[k]
			_, one.Target[k] = con.Target[k]
		}
		list = append(list, one)
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(list)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "system")
	for _, k := range model.Kinds() {
		fmt.Fprintf(w, "\t%s", k)
	}
	fmt.Fprintln(w)
	for _, one := range list {
		fmt.Fprint(w, one.Title)
		for _, k := range model.Kinds() {
			cell := map[[2]bool]string{{true, true}: "both ways", {true, false}: "source", {false, true}: "target"}[[2]bool{one.Source[k], one.Target[k]}]
			if cell == "" {
				cell = "–"
			}
			fmt.Fprintf(w, "\t%s", cell)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
