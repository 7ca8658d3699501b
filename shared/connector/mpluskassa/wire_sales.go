package mpluskassa

import "apicenter/shared/connector/internal/soap"

// sales are the fields orders and invoices share. Card payments are read without the card's details.
func sales(own ...*soap.Shape) []*soap.Shape {
	return append(own,
		soap.Number("syncMarker", "Change counter of the document.", "4718"),
		soap.Number("entryBranchNumber", "Branch where it was entered.", "1"),
		soap.Text("entryExtBranchId", "Another system's code of that branch.", "SHOP-1"),
		soap.Number("employeeNumber", "Who entered it.", "999999"),
		soap.Text("employeeName", "Name of who entered it.", "Till"),
		instant("entryTimestamp", "When it was entered, on the till's clock.", "2026-10-24T14:30:12+02:00"),
		soap.Number("relationNumber", "Number of the customer's card; absent for a passer-by.", "10023"),
		soap.Text("relationName", "Name on the customer's card.", "Anna van der Berg"),
		soap.Number("relationCategoryId", "Category of the customer's card.", "1"),
		soap.Text("relationBankAccountNumber", "Bank account of the customer.", "NL00PROE0000000000"),
		soap.Text("relationVatNumber", "VAT number of the customer.", "NL000000000B01"),
		address("deliveryAddress", "Where the goods go, when it is not the customer's own address."),
		address("invoiceAddress", "Where the invoice goes, when it is not the customer's own address."),
		date("financialDate", "Booking day.", "2026-10-24"),
		soap.Number("financialBranchNumber", "Branch that gets the turnover.", "1"),
		soap.Text("financialExtBranchId", "Another system's code of that branch.", "SHOP-1"),
		soap.Number("workplaceNumber", "Till.", "1"),
		soap.Text("reference", "Free reference text.", "Webshop 100045"),
		soap.Text("activityId", "Activity it belongs to.", ""),
		soap.Number("totalInclAmount", "Total with VAT in cents.", "2420"),
		soap.Number("totalExclAmount", "Total without VAT in cents.", "2000"),
		soap.Text("vatMethod", "Whether line prices include VAT.", "VAT-METHOD-INCLUSIVE"),
		soap.Object("vatGroupList", "Totals per VAT rate.", soap.List(soap.Object("vatGroup", "One VAT rate.",
			soap.Number("vatCode", "VAT code.", "1"),
			soap.Number("vatPercentage", "Rate in hundredths of a per cent.", "2100"),
			soap.Number("exclAmount", "Amount without VAT in cents.", "2000"),
			soap.Number("vatAmount", "VAT in cents.", "420"),
			soap.Text("countryIso3", "Country whose VAT it is.", "NLD")))),
		soap.Text("vatChange", "Whether the other rate applies, such as for take-out.", ""),
		soap.Text("vatCountryIso3", "Country whose VAT applies.", "NLD"),
		soap.Number("changeCounter", "How often it was changed.", "1"),
		soap.Number("versionNumber", "How often it was changed in something that matters.", "1"),
		soap.Number("orderCategoryNumber", "The shop's own order status.", "1"),
		soap.Number("branchGroupNumber", "Group of branches.", "1"),
		soap.Text("ownerId", "Owner label.", ""),
		lines("lineList", "What was sold.", 2),
		payments(),
	)
}

// orderShape is an order.
var orderShape = soap.Object("order", "", sales(
	soap.Text("orderId", "The server's own identity of the order.", "6f0e3a52-91c4-11ef-8f11-0242ac120002"),
	soap.Text("extOrderId", "Number another system gave the order.", "WEB-100045"),
	soap.Text("orderType", "What kind of order it is.", "ORDER-TYPE-SALES-ORDER"),
	yearNumber("orderNumber", "The number people use."),
	soap.Text("transactionString", "The number as the till prints it.", "2026.318"),
	soap.Text("orderBarcode", "Bar code on the order.", ""),
	soap.Text("deliveryMethod", "How it is delivered.", "BEZORGEN"),
	date("deliveryDate", "Day the customer asked for.", "2026-10-26"),
	instant("deliveryPeriodBegin", "From when it may be delivered.", "2026-10-26T09:00:00+01:00"),
	instant("deliveryPeriodEnd", "Until when it may be delivered.", "2026-10-26T12:00:00+01:00"),
	soap.Text("paymentMethod", "How it will be paid.", "PIN"),
	soap.Number("prepaidAmount", "Deposits in cents.", "2420"),
	soap.Bool("fullyPaid", "Whether all of it was paid.", "true"),
	soap.Text("deliveryState", "How far it is delivered.", "ORDER-DELIVERY-STATE-NOTHING"),
	soap.Text("cancelState", "How far it is cancelled.", "ORDER-CANCEL-STATE-NOTHING"),
	soap.Text("completeState", "How far it is done.", "ORDER-COMPLETE-STATE-NOTHING"),
	soap.Text("orderCategoryDescription", "Name of the shop's own order status.", "New"),
	soap.Number("tableNumber", "Table.", "12"),
	soap.Object("invoiceIds", "Invoices made of it.", soap.List(soap.Text("id", "Identity of an invoice.", ""))),
	soap.Object("invoiceNumbers", "Numbers of the invoices made of it.", soap.List(yearNumber("yearNumber", "Number of an invoice."))),
	soap.Text("proposalId", "Quotation it came from.", ""),
)...)

// invoiceShape is an invoice.
var invoiceShape = soap.Object("invoice", "", sales(
	soap.Text("invoiceId", "The server's own identity of the invoice.", "7a1e3a52-91c4-11ef-8f11-0242ac120002"),
	soap.Text("extInvoiceId", "Number another system gave the invoice.", "WEB-100045"),
	soap.Text("invoiceType", "What kind of invoice it is.", "INVOICE-TYPE-INVOICE"),
	yearNumber("invoiceNumber", "The invoice number people use."),
	soap.Text("transactionString", "The number as the till prints it.", "2026.318"),
	soap.Object("orderIds", "Orders it was made of.", soap.List(soap.Text("id", "Identity of an order.", ""))),
	soap.Object("orderNumbers", "Numbers of the orders it was made of.", soap.List(yearNumber("yearNumber", "Number of an order."))),
	soap.Object("extOrderIds", "Other systems' numbers of those orders.", soap.List(soap.Text("id", "Number another system gave.", "WEB-100045"))),
	date("dueDate", "Last day to pay.", "2026-11-07"),
	soap.Number("paidAmount", "How much of the invoice was paid, in cents.", "2420"),
	soap.Text("state", "How far the invoice is paid.", "INVOICE-STATE-PAID"),
	soap.Bool("finalized", "Whether the invoice can no longer be changed.", "true"),
	soap.Text("creditedInvoiceId", "Invoice that this one credits.", ""),
	soap.Text("creditedReason", "Why it was credited.", ""),
	soap.Text("costCenter", "Cost centre.", ""),
	soap.Text("salesCategoryDescription", "Name of the sales category.", ""),
	soap.Bool("directDebit", "Whether the invoice is collected.", "false"),
)...)

// lines describes a list of lines; preparations and components are lines inside lines, of which depth levels are read.
func lines(name, doc string, depth int) *soap.Shape {
	fields := []*soap.Shape{
		soap.Text("lineId", "The server's own identity of the line.", "6f0e3c10-91c4-11ef-8f11-0242ac120002"),
		soap.Number("employeeNumber", "Who entered the line.", "999999"),
		soap.Number("articleNumber", "Number of the article; 0 or absent on a line of text.", "5001"),
		soap.Text("pluNumber", "PLU code of the article.", "05001"),
		soap.Text("text", "Text of the line.", "Mug, blue"),
		soap.Number("supplierRelationNumber", "Number of the supplier's card.", "20001"),
		soap.Text("supplierArticleNumber", "The supplier's own code.", "P-77"),
		soap.Text("lineType", "Whether it is an article, a preparation or a component.", "LINE-TYPE-NONE"),
		soap.Text("subLineType", "The same, in more detail.", "SUB-LINE-TYPE-V2-NONE"),
		soap.Text("lineKind", "Whether it is an article, a header or a subtotal.", "LINE-KIND-DEFAULT"),
		soap.Number("sequenceNumber", "Place among the lines.", "1"),
		soap.Text("menuDescription", "Menu the line belongs to.", ""),
		soap.Text("retourReason", "Why it came back.", ""),
		soap.Text("salesOrderLineId", "Line of the order it came from.", ""),
		soap.Object("data", "Figures of the line.",
			soap.Number("quantity", "How many, to be divided by ten to the power of decimalPlaces.", "2"),
			soap.Number("decimalPlaces", "Decimals of quantity.", "0"),
			soap.Number("deliveredQuantity", "How many were delivered.", "0"),
			soap.Number("deliveredDecimalPlaces", "Decimals of deliveredQuantity.", "0"),
			soap.Number("cancelledQuantity", "How many were cancelled.", "0"),
			soap.Number("cancelledDecimalPlaces", "Decimals of cancelledQuantity.", "0"),
			soap.Number("price", "Price of one unit before discount in cents.", "1210"),
			soap.Number("priceExcl", "The same without VAT.", "1000"),
			soap.Number("originalPrice", "List price in cents.", "1210"),
			soap.Number("originalPriceExcl", "List price without VAT in cents.", "1000"),
			soap.Number("purchasePrice", "Purchase price in cents.", "450"),
			soap.Number("turnoverGroup", "Turnover group.", "10"),
			soap.Text("turnoverGroupName", "Name of the turnover group.", "Household"),
			soap.Number("turnoverGroupAccountNumber", "Ledger account of the turnover group.", "8000"),
			soap.Text("turnoverGroupCostCenter", "Cost centre of the turnover group.", ""),
			soap.Number("vatCode", "VAT code.", "1"),
			soap.Number("vatPercentage", "VAT rate in hundredths of a per cent.", "2100"),
			soap.Text("siUnit", "Unit of the quantity.", "STK"),
			soap.Text("discountType", "Where the discount comes from.", "DISCOUNT-TYPE-NONE"),
			soap.Number("discountPercentage", "Discount in hundredths of a per cent.", "1000"),
			soap.Number("discountAmount", "Discount on the line in cents.", "0"),
			soap.Number("discountAmountExcl", "Discount on the line without VAT in cents.", "0"),
			soap.Text("bpeId", "Reason of use on the house.", ""),
			soap.Number("totalInclAmount", "Line with VAT, after discount, in cents.", "2420"),
			soap.Number("totalExclAmount", "Line without VAT, after discount, in cents.", "2000"),
			soap.Text("priceType", "Where the price comes from.", "PRICE-TYPE-ARTICLE")),
	}
	if depth > 1 {
		fields = append(fields, lines("preparationList", "Preparations and components of the line.", depth-1))
	}
	return soap.Object(name, doc, soap.List(soap.Object("line", "One line.", fields...)))
}

func payments() *soap.Shape {
	return soap.Object("paymentList", "What was paid.", soap.List(soap.Object("payment", "One payment.",
		soap.Text("paymentId", "The server's own identity of the payment.", ""),
		date("financialDate", "Booking day of the payment.", "2026-10-24"),
		instant("entryTimestamp", "When it was paid.", "2026-10-24T14:31:00+02:00"),
		soap.Number("branchNumber", "Branch that took the money.", "1"),
		soap.Text("method", "How it was paid.", "PIN"),
		soap.Text("description", "Name of the method.", "Card"),
		soap.Number("amount", "Amount in cents.", "2420"),
		soap.Text("paymentMethodType", "Kind of the method.", "PAYMENT-METHOD-TYPE-EFT"),
		soap.Number("accountNumber", "Ledger account of the method.", "1100"),
		soap.Text("externalPaymentId", "A payment provider's identity of the payment.", ""),
		soap.Text("externalReference", "A payment provider's reference.", ""))))
}

var (
	ordersReply   = soap.Object("GetOrdersResponse", "", soap.Object("orderList", "", soap.List(orderShape)))
	invoicesReply = soap.Object("GetInvoicesResponse", "", soap.Object("invoiceList", "", soap.List(invoiceShape)))
)
