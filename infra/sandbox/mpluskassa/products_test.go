package mpluskassa

import (
	"strings"
	"testing"
)

func TestGetProducts(t *testing.T) {
	k := filled(t, Options{})
	const none = `<pluNumbers></pluNumbers>`
	for _, c := range []struct{ name, filters, want string }{
		{"all", none, "1:5001 2:5002 3:5003,5004"},
		{"articles", none + `<articleNumbers>5002</articleNumbers><articleNumbers>5004</articleNumbers>`, "2:5002 3:5004"},
		{"all articles of the products", `<articleNumbers>5004</articleNumbers><includeAllArticlesOfSelectedProducts>true</includeAllArticlesOfSelectedProducts>`, "3:5003,5004"},
		{"products", `<productNumbers>1</productNumbers>`, "1:5001"},
		{"PLUs", `<pluNumbers><text><text>A1</text></text><text><text>M</text></text></pluNumbers>`, "1:5001 3:5004"},
		{"unknown PLU", `<pluNumbers><text><text>ZZ</text></text></pluNumbers>`, ""},
		{"page", none + `<syncMarker>1</syncMarker><syncMarkerLimit>3</syncMarkerLimit>`, "1:5001 2:5002"},
		{"next page", none + `<syncMarker>3</syncMarker><syncMarkerLimit>3</syncMarkerLimit>`, "3:5003,5004"},
		{"first product complete", none + `<syncMarker>3</syncMarker><syncMarkerLimit>1</syncMarkerLimit>`, "3:5003,5004"},
		{"changed articles only", none + `<syncMarker>4</syncMarker>`, "3:5004"},
		{"end", none + `<syncMarker>5</syncMarker><syncMarkerLimit>1</syncMarkerLimit>`, ""},
	} {
		var got []string
		for _, p := range k.call(`<getProducts><request>` + c.filters + `</request></getProducts>`).all("productList/product") {
			got = append(got, p.get("productNumber")+":"+strings.Join(p.list("articleList/article", "articleNumber"), ","))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	k.call(`<getProducts><request><articleNumbers>5001</articleNumbers></request></getProducts>`).at("productList/product/articleList/article").expect(t, map[string]string{
		"extArticleId": "SKU-1", "pluNumber": "A1", "syncMarker": "1", "active": "true", "barcode": "2000000005001", "vatCode": "1", "vatPercentage": "2100",
		"priceIncl": "1210", "priceExcl": "1000", "description": "Mug, blue",
	})
}

func TestMasterData(t *testing.T) {
	k := newTill(t, Options{})
	r := k.call(`<getVatGroupList/>`)
	if r.name != "getVatGroupListResponse" || strings.Join(r.list("vatGroup", "vatPercentage"), " ") != "2100 900 0 2100 900 0" {
		t.Errorf("VAT groups: %s %v", r.name, r.list("vatGroup", "vatPercentage"))
	}
	r = k.call(`<getBranches/>`)
	r.expect(t, map[string]string{"branches/branch/branchNumber": "1", "branches/branch/workplaces/workplace/workplaceNumber": "1"})
	if n := len(r.all("branches/branch")); r.name != "getBranchesResponse" || n != 2 {
		t.Errorf("%s: %d branches", r.name, n)
	}
	for _, body := range []string{`<getPaymentMethods/>`, `<getPaymentMethodsV2><request></request></getPaymentMethodsV2>`} {
		r = k.call(body)
		if got := r.list("paymentMethodList/paymentMethod", "method"); r.name != "GetPaymentMethodsResponse" || len(got) != 8 {
			t.Errorf("%s: %v", r.name, got)
		}
	}
	r = k.call(`<getPaymentMethodsV2><request><paymentMethodTypes>PAYMENT-METHOD-TYPE-EFT</paymentMethodTypes></request></getPaymentMethodsV2>`)
	if got := r.list("paymentMethodList/paymentMethod", "method"); strings.Join(got, " ") != "PIN" {
		t.Errorf("by type: %v", got)
	}
	r = k.call(`<getDeliveryMethods/>`)
	if got := r.list("deliveryMethodList/deliveryMethod", "deliveryMethod"); len(got) != 4 || got[1] != "BEZORGEN_MET_AUTO" {
		t.Errorf("delivery methods: %v", got)
	}
	k.call(`<getTurnoverGroups><request></request></getTurnoverGroups>`).expect(t, map[string]string{"turnoverGroupList/turnoverGroup/turnoverGroup": "1"})
	k.call(`<getDatabaseVersion/>`).expect(t, map[string]string{"majorNumber": "1"})
}
