package afas

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"apicenter/shared/connector/internal/jsonhttp"
	"apicenter/shared/fault"
	"apicenter/shared/model"
)

// source is a GetConnector of the environment and the names its columns have there.
type source struct {
	connector string
	columns   map[string]string // our name to theirs; "" when it has no such column
}

// sourceSpec describes what a look-up needs.
type sourceSpec struct {
	setting  string
	into     *source
	columns  []string                     // the columns of the default form
	standard map[string]map[string]string // differences of AFAS' own GetConnectors
	optional []string                     // columns a connector may lack
	named    []string                     // columns asked for only when the owner names theirs
}

const (
	defaultOrders  = "Webshop_Orders"
	defaultDebtors = "Webshop_Debtors"
	salesOrders    = "Profit_Salesorders"
)

// sources lists the look-ups with the columns each asks for.
func sources(o *options) []sourceSpec {
	return []sourceSpec{
		{setting: "orders", into: &o.orders,
			columns: []string{"OrderNumber", "CustomerReference", "OrderDate", "DebtorId", "TotalIncl"},
			// Whether its TotalAmount has VAT in it is not said, and a wrong total would make every order look like another one.
			standard: map[string]map[string]string{salesOrders: {"TotalIncl": ""}},
			optional: []string{"OrderDate", "DebtorId", "TotalIncl"}},
		{setting: "debtors", into: &o.debtors,
			columns:  []string{"DebtorId", "Name", "Email", "EmailWork", "EmailPrivate", "Blocked", "CreateDate", "External"},
			standard: map[string]map[string]string{"Profit_Debtor": {"Name": "DebtorName", "EmailWork": "", "EmailPrivate": ""}},
			optional: []string{"Name", "EmailWork", "EmailPrivate", "Blocked", "CreateDate", "External"},
			named:    []string{"External"}},
		{setting: "items", into: &o.items, columns: []string{"ItemCode", "Description", "Blocked", "UnitId"},
			optional: []string{"Description", "Blocked", "UnitId"}},
		{setting: "transactions", into: &o.transactions,
			columns:  []string{"EntryNo", "SeqNo", "UnitId", "VoucherNo", "EntryDate", "AmtDebit", "AmtCredit"},
			optional: []string{"UnitId", "EntryDate"}},
		{setting: "administrations", into: &o.administrations, columns: []string{"AdminId"}},
		{setting: "accounts", into: &o.accounts, columns: []string{"Account", "CollectAccount"}},
		{setting: "paymentConditions", into: &o.conditions, columns: []string{"Code"}},
		{setting: "vatGroups", into: &o.vatGroups, columns: []string{"VatGroup", "VatPerc"}},
	}
}

// open returns the source under the connector's name, its columns as the owner renamed them.
func (s sourceSpec) open(connector, renamed string) (source, string) {
	out := source{connector: connector, columns: map[string]string{}}
	for _, c := range s.columns {
		out.columns[c] = c
	}
	for _, c := range s.named {
		out.columns[c] = ""
	}
	maps.Copy(out.columns, s.standard[connector])
	for part := range strings.SplitSeq(renamed, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		ours, theirs, ok := strings.Cut(part, "=")
		ours, theirs = strings.TrimSpace(ours), strings.TrimSpace(theirs)
		if !ok || !slices.Contains(s.columns, ours) {
			return out, fmt.Sprintf("%q must be written as ours=yours, where ours is one of %s", s.setting+"Columns",
				strings.Join(s.columns, ", "))
		}
		if theirs == "" && !slices.Contains(s.optional, ours) {
			return out, fmt.Sprintf("%q cannot do without a column for %s", s.setting+"Columns", ours)
		}
		out.columns[ours] = theirs
	}
	return out, ""
}

// row is one record of a GetConnector.
type row map[string]any

// value returns a column; names are compared as they stand first and then without case, since administrators retype them.
func (r row) value(column string) any {
	if column == "" {
		return nil
	}
	if v, ok := r[column]; ok {
		return v
	}
	for name, v := range r {
		if strings.EqualFold(name, column) {
			return v
		}
	}
	return nil
}

// text returns a column as text; numbers keep their digits.
func (r row) text(column string) string {
	switch v := r.value(column).(type) {
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (r row) yes(column string) bool {
	switch strings.ToLower(r.text(column)) {
	case "true", "1", "yes", "ja", "j":
		return true
	}
	return false
}

func (r row) decimal(column string) *model.Decimal {
	text := r.text(column)
	if text == "" {
		return nil
	}
	d, ok := model.ToDecimal(text)
	if !ok {
		return nil
	}
	return &d
}

// day returns the date of a date column. The Z that AFAS writes behind its local times is not to be believed, so the day is
// taken as it stands.
func (r row) day(column string) string {
	text := r.text(column)
	if len(text) < len("2006-01-02") {
		return ""
	}
	return text[:len("2006-01-02")]
}

// rows asks a GetConnector one packed query and follows its pages.
func (s *session) rows(ctx context.Context, src source, query string) ([]row, error) {
	var out []row
	for {
		q := query
		if len(out) > 0 {
			q += "&skip=" + strconv.Itoa(len(out))
		}
		x, err := s.client.Do(ctx, jsonhttp.Request{Method: "GET", Path: "/connectors/" + escape(src.connector), Query: q})
		if err != nil {
			return nil, err
		}
		var page struct {
			Rows []row `json:"rows"`
		}
		if err := jsonhttp.Decode(x.Answer, &page); err != nil {
			return nil, &fault.Error{Class: fault.Retry, Connection: true, Err: err,
				Message: fmt.Sprintf("the answer of AFAS to the look-up %s cannot be read", src.connector),
				Advice:  "It is tried again by itself.", Detail: fmt.Sprintf("HTTP %d, %d bytes", x.Status, len(x.Answer))}
		}
		out = append(out, page.Rows...)
		if len(page.Rows) < pageRows {
			return out, nil
		}
	}
}

// lookup asks a source for rows whose columns hold any of the values. The second result holds what could not be asked, by
// value; the error is one that holds for the whole connection.
func (s *session) lookup(ctx context.Context, src source, columns, values []string, order string) ([]row, map[string]error, error) {
	batches, tooLong := pack(columns, values, order)
	failed := map[string]error{}
	for _, v := range tooLong {
		failed[v] = fault.New(fault.Reject, "a value is too long to be looked up in AFAS with %s", src.connector)
	}
	var out []row
	for _, b := range batches {
		rows, err := s.rows(ctx, src, b.query)
		if err != nil {
			f := fault.As(err)
			// What stops one query of a connection stops the others as well; so does a look-up that is set up wrongly.
			if f.Connection || f.Class == fault.Pause || f.Class == fault.Wait || len(batches) == 1 || ctx.Err() != nil {
				return nil, nil, err
			}
			for _, v := range b.values {
				failed[v] = err
			}
			continue
		}
		out = append(out, rows...)
	}
	return out, failed, nil
}
