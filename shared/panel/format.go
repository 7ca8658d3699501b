package panel

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"apicenter/shared/model"
)

// digits writes a plain decimal number the way the language does. No digit is added or lost.
func (w *words) digits(plain string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(plain, "-"); ok {
		sign, plain = "−", rest
	}
	whole, fraction, _ := strings.Cut(plain, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(w.say("number.thousands"))
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString(w.say("number.point"))
		b.WriteString(fraction)
	}
	return b.String()
}

// amount writes money: at least as many decimals as the currency has, more where the source has more.
func (w *words) amount(d model.Decimal, currency string) string {
	plain := w.digits(d.Trim(0).Pad(model.CurrencyScale(currency)).String())
	sign, mark := "", currency
	if rest, ok := strings.CutPrefix(plain, "−"); ok {
		sign, plain = "−", rest
	}
	if w.has("currency." + currency) {
		mark = w.say("currency." + currency)
	}
	if mark == "" {
		return sign + plain
	}
	return sign + w.say("number.money", "mark", mark, "amount", plain)
}

// quantity writes a number without idle zeros.
func (w *words) quantity(d model.Decimal) string { return w.digits(d.Trim(0).String()) }

// sentence begins with a capital.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// moment is a point in time as pages show it.
type moment struct {
	Machine string // RFC 3339, for the script
	Text    string // "3 minutes ago"
	Full    string // day and time in the tenant's zone
}

// moment makes the texts of a time; nil for none.
func (v *visit) moment(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return &moment{Machine: t.UTC().Format(time.RFC3339), Text: v.words.relative(t.Sub(v.now)), Full: v.full(t)}
}

// full writes day and time in the tenant's zone.
func (v *visit) full(t time.Time) string {
	t = t.In(v.zone)
	return v.day(t) + ", " + t.Format("15:04:05")
}

// day writes a day.
func (v *visit) day(t time.Time) string {
	return v.words.say("date.day", "day", t.Day(), "month", v.words.say("date.month."+t.Format("01")), "year", t.Year())
}

// dayOf writes a day given as 2006-01-02; anything else stays as it is.
func (v *visit) dayOf(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return v.day(t)
}

// relative writes how far from now something is, as a browser would: negative is past.
func (w *words) relative(d time.Duration) string {
	key := "ago."
	if d > 0 {
		key = "in."
	} else {
		d = -d
	}
	switch {
	case d < 10*time.Second:
		return w.say("now")
	case d < time.Minute:
		return w.count(key+"seconds", int(d/time.Second))
	case d < time.Hour:
		return w.count(key+"minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return w.count(key+"hours", int(d/time.Hour))
	}
	return w.count(key+"days", int(d/(24*time.Hour)))
}

// lasting writes how long something took.
func (w *words) lasting(d time.Duration) string {
	switch {
	case d < time.Second:
		return w.say("lasting.moment")
	case d < time.Minute:
		return w.say("lasting.seconds", "s", int(d/time.Second))
	case d < time.Hour:
		return w.say("lasting.minutes", "m", int(d/time.Minute), "s", int(d%time.Minute/time.Second))
	}
	return w.say("lasting.hours", "h", int(d/time.Hour), "m", int(d%time.Hour/time.Minute))
}
