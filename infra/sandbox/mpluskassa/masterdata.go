package mpluskassa

import "slices"

// Fixed data of the installation.
const (
	turnoverGroup = 1
	employeeRoot  = 999_999 // the built-in user, usual for connectors
)

type vatGroup struct{ code, rate int64 }

func vatGroups() []vatGroup { return []vatGroup{{1, 2100}, {2, 900}, {3, 0}} }

// vatCode finds the code of a rate in hundredths of a per cent.
func vatCode(rate int64) int64 {
	for _, g := range vatGroups() {
		if g.rate == rate {
			return g.code
		}
	}
	return 0
}

// vatRate finds the rate of a code.
func vatRate(code int64) (int64, bool) {
	for _, g := range vatGroups() {
		if g.code == code {
			return g.rate, true
		}
	}
	return 0, false
}

// method is a payment or delivery method.
type method struct {
	code, text string
	active     bool
	kind       string // payment method type
}

func paymentMethods() []method {
	const payment, eft = "PAYMENT-METHOD-TYPE-PAYMENT", "PAYMENT-METHOD-TYPE-EFT"
	return []method{
		{"CONTANT", "Contant", true, payment}, {"PIN", "Pin", true, eft}, {"IDEAL", "iDEAL", true, payment},
		{"BANCONTACT", "Bancontact", true, payment}, {"CREDITCARD", "Creditcard", true, payment},
		{"OVERBOEKING", "Overboeking", true, payment}, {"CADEAUBON", "Cadeaubon", true, payment},
		{"CHEQUE", "Cheque", false, payment},
	}
}

func deliveryMethods() []method {
	return []method{
		{"AFHALEN", "Afhalen", true, ""}, {"BEZORGEN_MET_AUTO", "Bezorgen met auto", true, ""},
		{"PAKKETPOST", "Pakketpost", true, ""}, {"FIETSKOERIER", "Fietskoerier", false, ""},
	}
}

// usable reports whether a method exists and is switched on.
func usable(methods []method, code string) bool {
	return slices.ContainsFunc(methods, func(m method) bool { return m.code == code && m.active })
}

func getBranches(c *call) {
	if !c.ok() {
		return
	}
	o := c.out
	o.open("branches")
	for i, name := range []string{"Hoofdvestiging", "Filiaal Zuid"} {
		o.open("branch")
		o.long("branchNumber", int64(i+1))
		o.text("branchName", name)
		o.text("abbreviation", name[:3])
		o.open("workplaces")
		o.open("workplace")
		o.long("workplaceNumber", 1)
		o.text("workplaceName", "Kassa 1")
		o.boolean("isMobile", false)
		o.close("workplace")
		o.close("workplaces")
		o.long("countryCode", 528)
		o.text("countryIso3", "NLD")
		o.text("countryName", "Nederland")
		o.close("branch")
	}
	o.close("branches")
}

func branchExists(number int64) bool { return number == 1 || number == 2 }

// getVatGroupList repeats its element directly under the root.
func getVatGroupList(c *call) {
	if !c.ok() {
		return
	}
	for branch := int64(1); branchExists(branch); branch++ {
		for _, g := range vatGroups() {
			c.out.open("vatGroup")
			c.out.long("branchNumber", branch)
			c.out.text("countryIso3", "NLD")
			c.out.long("vatCode", g.code)
			c.out.long("vatPercentage", g.rate)
			c.out.close("vatGroup")
		}
	}
}

func getPaymentMethods(c *call) {
	if c.ok() {
		c.paymentMethods(nil)
	}
}

func getPaymentMethodsV2(c *call) {
	in := c.in.sub("request")
	types := in.strs("paymentMethodTypes")
	account := in.int("accountNumber")
	in.ignore("includeBpeConfiguration", "includeGiftcardType")
	if !c.ok() {
		return
	}
	if account != nil {
		types = []string{"no method has a ledger account"}
	}
	c.paymentMethods(types)
}

func (c *call) paymentMethods(types []string) {
	o := c.out
	o.open("paymentMethodList")
	for _, m := range paymentMethods() {
		if len(types) > 0 && !slices.Contains(types, m.kind) {
			continue
		}
		o.open("paymentMethod")
		o.text("method", m.code)
		o.text("description", m.text)
		o.text("buttonText", m.text)
		o.boolean("allowNegativeAmount", true)
		o.boolean("active", m.active)
		o.text("type", m.kind)
		o.close("paymentMethod")
	}
	o.close("paymentMethodList")
}

func getDeliveryMethods(c *call) {
	if !c.ok() {
		return
	}
	o := c.out
	o.open("deliveryMethodList")
	for _, m := range deliveryMethods() {
		o.open("deliveryMethod")
		o.text("deliveryMethod", m.code)
		o.text("description", m.text)
		o.text("buttonText", m.text)
		o.boolean("enabled", m.active)
		o.close("deliveryMethod")
	}
	o.close("deliveryMethodList")
}

func getTurnoverGroups(c *call) {
	c.in.sub("request").boolean("onlyActive")
	if !c.ok() {
		return
	}
	o := c.out
	o.open("turnoverGroupList")
	o.open("turnoverGroup")
	o.text("turnoverGroupType", "TURNOVER-GROUP-TYPE-TURNOVER")
	o.long("turnoverGroup", turnoverGroup)
	o.text("turnoverGroupName", "Omzet")
	o.close("turnoverGroup")
	o.close("turnoverGroupList")
}
