package mpluskassa

import (
	"encoding/xml"
	"strings"
	"testing"

	"apicenter/shared/connector/internal/soap"
	"apicenter/shared/model"
)

// pageOf makes an answer with n times the first order of testdata.
func pageOf(t testing.TB, n int) string {
	t.Helper()
	text := readFile(t, "getOrders.xml")
	from, to := strings.Index(text, "<ns:order>"), strings.Index(text, "</ns:order>")+len("</ns:order>")
	return envelope("<ns:GetOrdersResponse><ns:orderList>" + strings.Repeat("\n"+text[from:to], n) + "</ns:orderList></ns:GetOrdersResponse>")
}

// BenchmarkDecodeOrders reads a page of a hundred orders of two lines into trees; ns/order is what counts.
func BenchmarkDecodeOrders(b *testing.B) {
	page := pageOf(b, 100)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		tree, _, err := soap.Decode(page, "GetOrdersResponse", ordersReply)
		if err != nil || len(list(tree, "orderList", "order")) != 100 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/order")
}

// xmlOrders is what the same page needs with encoding/xml: structs with the fields the first order has.
type xmlOrders struct {
	Orders []struct {
		OrderID               string  `xml:"orderId"`
		ExtOrderID            string  `xml:"extOrderId"`
		SyncMarker            int64   `xml:"syncMarker"`
		OrderType             string  `xml:"orderType"`
		EntryBranchNumber     int64   `xml:"entryBranchNumber"`
		EmployeeNumber        int64   `xml:"employeeNumber"`
		EmployeeName          string  `xml:"employeeName"`
		EntryTimestamp        xmlTime `xml:"entryTimestamp"`
		RelationNumber        int64   `xml:"relationNumber"`
		RelationName          string  `xml:"relationName"`
		RelationCategoryID    int64   `xml:"relationCategoryId"`
		FinancialDate         xmlTime `xml:"financialDate"`
		FinancialBranchNumber int64   `xml:"financialBranchNumber"`
		Reference             string  `xml:"reference"`
		TotalInclAmount       int64   `xml:"totalInclAmount"`
		TotalExclAmount       int64   `xml:"totalExclAmount"`
		VATMethod             string  `xml:"vatMethod"`
		FullyPaid             bool    `xml:"fullyPaid"`
		PrepaidAmount         int64   `xml:"prepaidAmount"`
		CancelState           string  `xml:"cancelState"`
		VATGroups             []struct {
			VATCode       int64 `xml:"vatCode"`
			VATPercentage int64 `xml:"vatPercentage"`
			ExclAmount    int64 `xml:"exclAmount"`
			VATAmount     int64 `xml:"vatAmount"`
		} `xml:"vatGroupList>vatGroup"`
		Lines []struct {
			LineID        string `xml:"lineId"`
			ArticleNumber int64  `xml:"articleNumber"`
			Text          string `xml:"text"`
			Data          struct {
				Quantity        int64 `xml:"quantity"`
				DecimalPlaces   int64 `xml:"decimalPlaces"`
				Price           int64 `xml:"price"`
				VATCode         int64 `xml:"vatCode"`
				VATPercentage   int64 `xml:"vatPercentage"`
				TotalInclAmount int64 `xml:"totalInclAmount"`
				TotalExclAmount int64 `xml:"totalExclAmount"`
			} `xml:"data"`
		} `xml:"lineList>line"`
	} `xml:"Body>GetOrdersResponse>orderList>order"`
}

type xmlTime struct {
	Sec      int  `xml:"sec"`
	Min      int  `xml:"min"`
	Hour     int  `xml:"hour"`
	Day      int  `xml:"day"`
	Mon      int  `xml:"mon"`
	Year     int  `xml:"year"`
	IsDST    bool `xml:"isdst"`
	Timezone int  `xml:"timezone"`
}

// BenchmarkEncodingXML is the measure of BenchmarkDecodeOrders: the same page into structs, fewer fields of it.
func BenchmarkEncodingXML(b *testing.B) {
	page := []byte(pageOf(b, 100))
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		var orders xmlOrders
		if err := xml.Unmarshal(page, &orders); err != nil || len(orders.Orders) != 100 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/order")
}

// FuzzOrders feeds answers that went wrong to all that reads them: whatever comes, it ends in records or an error.
func FuzzOrders(f *testing.F) {
	for operation := range answers() {
		f.Add(readFile(f, operation+".xml"))
	}
	f.Add(envelope("<ns:GetOrdersResponse><ns:orderList><ns:order><ns:orderId>a</ns:orderId><ns:lineList><ns:line/></ns:lineList></ns:order></ns:orderList></ns:GetOrdersResponse>"))
	f.Fuzz(func(t *testing.T, document string) {
		for _, shape := range answers() {
			tree, _, err := soap.Decode(document, "", shape)
			if err != nil {
				continue
			}
			for _, wrapper := range [][2]string{{"orderList", "order"}, {"invoiceList", "invoice"}} {
				for _, e := range list(tree, wrapper[0], wrapper[1]) {
					touched(e.(model.Tree))
				}
			}
			var products []model.Tree
			for _, p := range list(tree, "productList", "product") {
				products = append(products, p.(model.Tree))
				foundArticles(p.(model.Tree))
			}
			reach(products, 0, 1)
		}
	})
}
