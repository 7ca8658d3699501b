package mpluskassa

import "apicenter/shared/connector/internal/soap"

// articleShape is what is sold: one size and colour of a product, with its own number and price. Images are not read.
var articleShape = soap.Object("article", "One article.",
	soap.Number("articleNumber", "Number of the article; its key.", "5001"),
	soap.Text("extArticleId", "Code another system gave the article.", "MUG-BLUE"),
	soap.Text("pluNumber", "PLU code.", "05001"),
	soap.Number("syncMarker", "Change counter of the article.", "977"),
	instant("changeTimestamp", "When the article was last changed.", "2026-10-24T14:30:12+02:00"),
	instant("createTimestamp", "When the article was made.", "2026-01-05T09:00:00+01:00"),
	soap.Bool("active", "Whether the article is in use.", "true"),
	soap.Bool("discontinued", "Whether the article is sold until it runs out.", "false"),
	soap.Text("description", "Name of the article.", "Mug, blue"),
	soap.Text("colour", "Colour.", "blue"),
	soap.Text("size", "Size.", "30 cl"),
	soap.Text("invoiceText", "Text on invoices.", "Mug, blue"),
	soap.Text("receiptText", "Text on receipts.", "Mug blue"),
	soap.Text("displayText", "Text on the till's display.", "Mug blue"),
	soap.Text("extraText", "Longer text.", "Stoneware, 30 cl"),
	soap.Text("barcode", "Current bar code.", "8712345678906"),
	soap.Object("barcodeList", "Every bar code.", soap.List(soap.Object("barcode", "One bar code.",
		soap.Text("barcode", "Bar code.", "8712345678906"),
		soap.Text("description", "What the bar code stands for.", "Box of six"),
		soap.Number("quantity", "How many it stands for, to be divided by ten to the power of decimalPlaces.", "6"),
		soap.Number("decimalPlaces", "Decimals of quantity.", "0"),
		soap.Bool("isCurrent", "Whether it is the current one.", "true")))),
	soap.Text("brandName", "Brand.", "Proef"),
	soap.Number("turnoverGroup", "Turnover group.", "10"),
	soap.Number("vatCode", "VAT code.", "1"),
	soap.Number("vatPercentage", "VAT rate in hundredths of a per cent.", "2100"),
	soap.Number("purchasePrice", "Purchase price in cents.", "450"),
	soap.Number("priceIncl", "Price with VAT in cents.", "1210"),
	soap.Number("priceExcl", "Price without VAT in cents.", "1000"),
	soap.Text("siUnit", "Unit it is measured by.", "STK"),
	soap.Text("unit", "Unit it is sold by.", "piece"),
	soap.Text("specialPrice", "Whether the price is fixed, free or asked for.", "PRICE-NORMAL"),
	soap.Number("supplierRelationNumber", "Number of the supplier's card.", "20001"),
	soap.Text("supplierArticleNumber", "The supplier's own code.", "P-77"),
	soap.Bool("webshop", "Whether it is sold in the web shop.", "true"),
	soap.Bool("stockArticle", "Whether stock is kept.", "true"),
	soap.Number("categoryId", "Category of the card.", "1"),
	soap.Object("categoryIds", "Every category of the card.", soap.List(soap.Number("category", "One category.", "1"))),
	customFields(),
)

// productShape groups articles: one description, several sizes and colours.
var productShape = soap.Object("product", "The product the article belongs to.",
	soap.Number("productNumber", "Number of the product.", "700"),
	soap.Number("syncMarker", "Change counter of the product.", "977"),
	soap.Text("description", "Name of the product.", "Mug"),
	soap.Text("extraText", "Longer text of the product.", "Stoneware mug"),
	soap.List(soap.Number("groupNumbers", "Article groups the product is in.", "300")),
	soap.Object("articleList", "", soap.List(articleShape)),
)

var productsReply = soap.Object("GetProductsResponse", "", soap.Object("productList", "", soap.List(productShape)))
