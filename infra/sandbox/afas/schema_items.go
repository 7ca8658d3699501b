package afas

const itemFields = `
ItCd s40 key | Item code | Itemcode
AuId bool | Number automatically | Autonummering
Ds s100 req | Description | Omschrijving
DsEx s100 | Extra description | Extra omschrijving
Ds_1043 s100
Ds_2057 s100
Ds_1031 s100
Ds_1036 s100
Ds_2067 s100
Grp s15 req ref:itemgroup | Article group | Artikelgroep
BiUn s15 req ref:unit | Basic unit | Basiseenheid
BiDc int | Decimals | Decimalen
BiSt bool | Keep stock | Voorraad
VaRc s4 req ref:vatgroup | VAT tariff group | Btw-tariefgroep
VaAr s4 ref:vatgroup | Deviating VAT tariff group | Afwijkende btw-tariefgroep
CoLa s3 ref:country | Country of legislation | Land wetgeving
VaTp e:0,1,2,3,4,5 | Type | Type
ArSu e:0,1,2,3,5,6,7 | Subtype | Subtype
StD1 s10 | Dimension table 1 | Dimensietabel 1
StD2 s10 | Dimension table 2 | Dimensietabel 2
StPrice dec | Settlement price | Verrekenprijs
CoPrice dec | Cost price | Kostprijs
SaPrice dec | Sales price | Verkoopprijs
PuPrice dec | Purchase price | Inkoopprijs
CsPrice dec | Consumer price | Consumentenprijs
DatPri date | Start date of prices | Begindatum prijzen
CrId s16 | Supplier | Leverancier
ItSp s30 | Item code of supplier | Itemcode leverancier
PrGr s10 | Price group | Prijsgroep
PrFr s40
PrFc dec
VaWt e:0,1,2,3,4,5 | Weight unit | Eenheid gewicht
NeWe dec | Net weight | Nettogewicht
GrWe dec | Gross weight | Brutogewicht
VaBc e:0,1,2,3,4,5,6,7,8 | Barcode kind | Soort barcode
BaCo s30 | Barcode | Barcode
StAd bool | Replenish | Aanvullen
StMi dec | Minimum stock | Minimumvoorraad
StMa dec | Maximum stock | Maximumvoorraad
StCh e:0,1,2,3 | Stock check | Voorraadcontrole
VaCr e:N,V,S,A,R | Purchase proposal | Inkoopvoorstel
VaDo e:0,1,2,3 | Order of use | Volgorde
Loc s15 ref:none | Location | Locatie
WaSe bool
Bl bool | Blocked | Geblokkeerd
OrLi bool | Order line | Orderregel
Rm memo | Remark | Opmerking
FileName s255
FileStream memo
SuIt s5
SuId s40
SuDe s255
CsGc s15 | Statistics code | Goederencode
CsWe dec
CoOr s3 ref:country | Country of origin | Land van oorsprong
ExUn s15
TaCd s15
`

const mutationFields = `
VaOt e:31,32,41,42 req | Kind of mutation | Soort mutatie
ReId s12 req | Reason | Reden
Da date | Date | Datum
Ds s255 | Description | Omschrijving
VaIt s5 req | Item type | Type item
ItCd s40 req | Item code | Itemcode
StD1 s10
StL1 s10 | Article dimension 1 | Artikeldimensie 1
StD2 s10
StL2 s10 | Article dimension 2 | Artikeldimensie 2
War s15 req ref:warehouse | Warehouse | Magazijn
Loc s15 req ref:none | Location | Locatie
BiUn s15 req ref:unit | Unit | Eenheid
QuUn dec req | Number of units | Aantal eenheden
Qu dec req | Quantity | Aantal
BaNu s100 | Batch number | Partijnummer
SeNu s100 | Serial number | Serienummer
UsCr s15
`

const priceFields = `
VaIt s5 req | Item type | Type item
ItCd s40 | Item code | Itemcode
CuCo s30 | Item code of customer | Itemcode klant
BaCo s30 | Barcode | Barcode
BiUn s15 req ref:unit | Unit | Eenheid
PrLi s5 ref:pricelist | Price list | Prijslijst
DbId s16 ref:debtor | Sales relation | Verkooprelatie
StL1 s10 | Article dimension 1 | Artikeldimensie 1
StL2 s10 | Article dimension 2 | Artikeldimensie 2
CuId s3 req ref:currency | Currency | Valuta
DaBg date req | Start date | Begindatum
DaEn date | End date | Einddatum
Pric dec | Price | Prijs
CrPr bool | Quantity dependent | Aantalafhankelijk
Am dec | From quantity | Vanaf aantal
SpPr bool | Promotion | Actie
VaAD e:0,1,2,3 | Discount allowed | Korting toestaan
DsLi bool
CaPr bool | Calculated price | Berekende prijs
PcCa dec | Percentage | Percentage
ViBc e:HKP,HVP,HIP
ViRo s5
FiPr bool
CPri dec | Consumer price | Consumentenprijs
RPri dec | Return price | Retourprijs
Memo memo | Remark | Opmerking
PrId s15 | Project | Project
`
