package deploy

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/govalues/decimal"
)

// prices is what prices.yaml says.
type prices struct {
	Currency string
	Date     string
	Regions  []string
	by       map[string]price
}

// price is one line of it.
type price struct {
	ID, Unit, Per, Source, Note string
	Assumed                     []string
	// amounts is what one unit costs, by region.
	amounts map[string]decimal.Decimal
}

// billed are the ids that bills are made of; another one is a slip of the pen.
func billed() []string {
	return []string{"sqs-standard", "sqs-fair", "sqs-fifo", "dynamodb-write", "dynamodb-read", "dynamodb-storage", "dynamodb-backup",
		"lambda-request", "lambda-gb-second", "eventbridge-event", "kms-request", "kms-key", "logs-ingested", "metric", "alarm", "dashboard",
		"http-api", "nat-hour", "nat-gb", "address-hour"}
}

// parsePrices reads a price list, and tells everything that is wrong with it at once.
func parsePrices(text []byte) (*prices, error) {
	var file struct {
		Currency string
		Date     string
		Regions  []string
		Prices   []map[string]any
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, err
	}
	list := &prices{Currency: file.Currency, Date: file.Date, Regions: file.Regions, by: map[string]price{}}
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if file.Currency == "" {
		wrong("currency: it is missing")
	}
	if _, err := time.Parse(time.DateOnly, file.Date); err != nil {
		wrong("date: %q is not a day like 2026-11-24", file.Date)
	}
	if len(file.Regions) == 0 {
		wrong("regions: there is none")
	}
	for i, line := range file.Prices {
		at := fmt.Sprintf("prices[%d]", i)
		p, more := parsePrice(line, file.Regions)
		for _, m := range more {
			wrong("%s.%s", at, m)
		}
		if _, twice := list.by[p.ID]; twice {
			wrong("%s.id: %s is there twice", at, p.ID)
		} else if !slices.Contains(billed(), p.ID) {
			wrong("%s.id: nothing is billed by %q", at, p.ID)
		}
		list.by[p.ID] = p
	}
	for _, id := range billed() {
		if _, found := list.by[id]; !found {
			wrong("prices: %s is missing", id)
		}
	}
	return list, errors.Join(problems...)
}

func parsePrice(line map[string]any, regions []string) (p price, problems []string) {
	p.amounts = map[string]decimal.Decimal{}
	texts := map[string]*string{"id": &p.ID, "unit": &p.Unit, "per": &p.Per, "source": &p.Source, "note": &p.Note}
	for name, value := range line {
		text, isText := value.(string)
		switch to := texts[name]; {
		case to != nil && isText:
			*to = text
		case name == "assumed":
			some, _ := value.([]any)
			for _, region := range some {
				p.Assumed = append(p.Assumed, fmt.Sprint(region))
			}
		case slices.Contains(regions, name) && !isText:
			problems = append(problems, fmt.Sprintf("%s: %v is not text; a number without quotes may be bent on its way", name, value))
		case slices.Contains(regions, name):
			amount, err := decimal.Parse(text)
			if err != nil || amount.IsNeg() {
				problems = append(problems, fmt.Sprintf("%s: %q is no amount", name, text))
			}
			p.amounts[name] = amount
		default:
			problems = append(problems, name+": it is no field of a price")
		}
	}
	for _, name := range []string{"id", "unit", "per", "source"} {
		if *texts[name] == "" {
			problems = append(problems, name+": it is missing")
		}
	}
	per, err := decimal.Parse(p.Per)
	if err != nil || !per.IsPos() {
		problems = append(problems, fmt.Sprintf("per: %q is no number of units", p.Per))
		per = decimal.One
	}
	for _, region := range regions {
		amount, found := p.amounts[region]
		if !found {
			problems = append(problems, region+": it is missing")
			continue
		}
		p.amounts[region] = must(amount.Quo(per))
	}
	for _, region := range p.Assumed {
		if !slices.Contains(regions, region) {
			problems = append(problems, fmt.Sprintf("assumed: %q is none of the regions", region))
		}
	}
	slices.Sort(problems)
	return p, problems
}

// must is for sums of a few figures with a dozen digits, which do not run out of room.
func must(d decimal.Decimal, err error) decimal.Decimal {
	if err != nil {
		panic(err)
	}
	return d
}

// priceList is prices.yaml.
func priceList(t testing.TB) *prices {
	t.Helper()
	text, err := os.ReadFile("prices.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, err := parsePrices(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// of returns what so many units cost in a region.
func (p *prices) of(region, id string, units decimal.Decimal) decimal.Decimal {
	return must(p.by[id].amounts[region].Mul(units))
}

func TestPricesCanBeRead(t *testing.T) {
	list := priceList(t)
	for _, c := range []struct{ region, id, units, want string }{
		{"us-east-1", "dynamodb-write", "1000000", "0.625"},
		{"us-east-1", "dynamodb-read", "2000000", "0.25"},
		{"us-east-1", "sqs-fifo", "3000000", "1.5"},
		{"us-east-1", "lambda-gb-second", "1000000", "13.3334"},
		{"eu-central-1", "kms-request", "20000", "0.06"},
	} {
		got := list.of(c.region, c.id, decimal.MustParse(c.units))
		if got.Cmp(decimal.MustParse(c.want)) != 0 {
			t.Errorf("%s %s in %s: got %s, want %s", c.units, c.id, c.region, got, c.want)
		}
	}
}

// Everything that is wrong with a price list is told at once, each with its place.
func TestPricesTellAllThatIsWrong(t *testing.T) {
	_, err := parsePrices([]byte(`
date: yesterday
regions: [north]
prices:
  - {id: sqs-fifo, unit: request, per: "0", north: 0.40, source: s}
  - {id: sqs-fifo, unit: request, per: "1", north: "cheap", assumed: [south], source: s}
  - {id: sqs-express, per: "1", colour: red}
`))
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{"currency: it is missing", `date: "yesterday"`, "prices[0].per:", "prices[0].north: 0.4 is not text",
		`prices[1].north: "cheap" is no amount`, `prices[1].assumed: "south"`, "prices[1].id: sqs-fifo is there twice",
		`prices[2].id: nothing is billed by "sqs-express"`, "prices[2].unit: it is missing", "prices[2].source: it is missing",
		"prices[2].north: it is missing", "prices[2].colour: it is no field", "prices: kms-key is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told:\n%v", want, err)
		}
	}
}
