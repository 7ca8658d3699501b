package afas

// headFields are common to sales orders and direct invoices.
const headFields = `
OrNu s12 key | Number | Nummer
OrDa date | Date | Datum
DbId s16 req ref:debtor | Sales relation | Verkooprelatie
FaTo s16 ref:debtor | Invoice to | Factureren aan
DaDe date | Delivery date (requested) | Leverdatum gevraagd
DaPr date | Delivery date (promised) | Leverdatum toegezegd
CuId s3 ref:currency | Currency | Valuta
Rate dec | Rate | Koers
RfCs s100 | Order reference | Referentie verkooprelatie
Fref s32 | Invoice reference | Factuurkenmerk
SaCh s15 ref:channel | Sales channel | Verkoopkanaal
VaDu s3 ref:vatduty | VAT duty | Btw-plicht
InVa bool | Including VAT | Inclusief btw
PaCd s5 ref:payment | Payment condition | Betalingsvoorwaarde
PaTp s5 ref:paymenttype | Payment method | Betaalwijze
Re memo | Remark | Opmerking
Unit int ref:administration | Administration | Administratie
War s15 ref:warehouse | Warehouse | Magazijn
CrOr bool | Credit order | Creditorder
Coll bool | Collect | Incasseren
CoDn bool | Combine packing slips | Pakbonnen combineren
CoIn bool | Combine invoices | Facturen combineren
DlPr int | Delivery priority | Leveringsprioriteit
LgId s3 | Language | Taal
DeCo e:0,1,2,3 | Delivery condition | Leveringsconditie
InPc dec | Invoice discount | Factuurkorting
ClPc dec | Credit restriction | Kredietbeperking
PaPc dec | Payment discount | Betalingskorting
VaCl bool | Credit restriction including VAT | Kredietbeperking inclusief btw
VaPa bool | Payment discount including VAT | Betalingskorting inclusief btw
VaYN bool | Deviating VAT tariff group | Afwijkende btw-tariefgroep
JoCo s6 | Journal | Dagboek
PrId s15 | Project | Project
PrSt s15 | Project phase | Projectfase
VeId s16 | Sales representative | Vertegenwoordiger
TrPt s16 | Carrier | Vervoerder
SsId s10 | Service | Service
DlAd int ref:contact | Delivery address | Afleveradres
ExAd s255 | Delivery address description | Omschrijving afleveradres
BaDe s30 | Delivery address barcode | Barcode afleveradres
CtI1 int ref:contact | Contact | Contact
CoId s3 ref:country | Country of destination | Land van bestemming
SeWe dec | Weight | Gewicht
QuCl int | Colli | Colli
PkTp s15 | Packaging | Verpakking
CsTy s15
VaTr s15
VaSt s15
VaGs s15
VaTa s15
BaCo s30 | Barcode | Barcode
VaBc e:0,1,2,3,4,5,6,7,8 | Barcode kind | Soort barcode
Rout s15 | Route | Route
DtId s15 | Delivery type | Type levering
CoDs s15 | Discount scale | Kortingsstaffel
PrLa s15 | Report | Rapport
SbAt s38 | Attachment | Bijlage
PuSa bool | Purchase per order | Inkoop per order
ETOr e:I,O,S | Order type | Type order
`

// orderFields are of sales orders only.
const orderFields = `
SoQu s12 | Quotation | Offerte
BkOr bool | Back order | Backorder
OrPr e:1,2,3,4,5,6,7 | Processing of order | Verwerking order
AmDp dec | Down payment | Aanbetaling
FuOr bool | Future order | Toekomstige order
FxBl bool | Blocked | Geblokkeerd
DlYN bool | Deliverable | Leverbaar
SeSt e:0,1,2,3,4 | Shipment status | Status verzending
`

// lineFields are common to the lines of both.
const lineFields = `
GuLi guid key | Line | Regel
VaIt s5 req | Item type | Type item
ItCd s40 req | Item code | Itemcode
BiUn s15 req ref:unit | Unit | Eenheid
QuUn dec req | Number of units | Aantal eenheden
Ds s255 | Description | Omschrijving
Upri dec | Price per unit | Prijs per eenheid
PRDc dec | Line discount percentage | Kortingspercentage regel
ARDc dec | Line discount | Korting regel
MaAD bool | Discount entered by hand | Korting handmatig
VaAD e:0,1,2,3 | Discount allowed | Korting toestaan
VaRc s4 ref:vatgroup | VAT tariff group | Btw-tariefgroep
PrLi s5 ref:pricelist | Price list | Prijslijst
War s15 ref:warehouse | Warehouse | Magazijn
Qu dec | Quantity | Aantal
CoPr dec | Cost price | Kostprijs
StL1 s10 | Article dimension 1 | Artikeldimensie 1
StL2 s10 | Article dimension 2 | Artikeldimensie 2
V1Cd s16 | Allocation code 1 | Verbijzonderingscode 1
V2Cd s16 | Allocation code 2 | Verbijzonderingscode 2
V3Cd s16 | Allocation code 3 | Verbijzonderingscode 3
V4Cd s16 | Allocation code 4 | Verbijzonderingscode 4
V5Cd s16 | Allocation code 5 | Verbijzonderingscode 5
Re memo | Remark | Opmerking
QuLe dec | Length | Lengte
QuWi dec | Width | Breedte
QuHe dec | Height | Hoogte
NeWe dec | Net weight | Nettogewicht
GrWe dec | Gross weight | Brutogewicht
VaWt e:0,1,2,3,4,5 | Weight unit | Eenheid gewicht
EUSe bool
MoId s15
CoTy s15
`

// orderLineFields are of the lines of sales orders only.
const orderLineFields = `
QuDl dec | Quantity to deliver | Aantal te leveren
QuBo dec | Quantity in back order | Aantal backorder
QuAd dec | Quantity proposed | Aantal voorstel
DlDa date | Delivery date | Leverdatum
NoIn bool | Do not invoice | Niet factureren
DiDe bool | Drop shipment | Directe levering
`

const batchFields = `
BaNu s100 req | Batch number | Partijnummer
BiUn s15 req ref:unit | Unit | Eenheid
QuUn dec req | Number of units | Aantal eenheden
Qu dec | Quantity | Aantal
Re memo | Remark | Opmerking
`

const serialFields = `
SeNu s100 req | Serial number | Serienummer
BiUn s15 req ref:unit | Unit | Eenheid
QuUn dec req | Number of units | Aantal eenheden
Qu dec | Quantity | Aantal
Re memo | Remark | Opmerking
`

const partFields = `
VaIt s5 req | Item type | Type item
ItCd s40 req | Item code | Itemcode
BiUn s15 req ref:unit | Unit | Eenheid
QuUn dec req | Number of units | Aantal eenheden
PrSe int
Ds s255 | Description | Omschrijving
StL1 s10 | Article dimension 1 | Artikeldimensie 1
StL2 s10 | Article dimension 2 | Artikeldimensie 2
War s15 ref:warehouse | Warehouse | Magazijn
PrIn bool
Re memo | Remark | Opmerking
`

func salesSchemas() (order, invoice *schema) {
	batch := newSchema("FbOrderBatchLines", batchFields)
	serial := newSchema("FbOrderSerialLines", serialFields)
	parts := newSchema("AfasFbOrderCompLines", partFields)
	location := newSchema("FbOrderLocationLines", "Loc s15 req | Location | Locatie\nQu dec req | Quantity | Aantal")
	order = newSchema("FbSales", headFields+orderFields,
		newSchema("FbSalesLines", lineFields+orderLineFields, batch, serial, parts))
	invoice = newSchema("FbDirectInvoice", headFields+"SinOrNu s12 | Invoice number | Factuurnummer",
		newSchema("FbDirectInvoiceLines", lineFields, batch, serial, location, parts))
	return order, invoice
}
