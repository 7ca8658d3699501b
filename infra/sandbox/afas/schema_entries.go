package afas

const entryFields = `
Year int req | Year | Jaar
Peri int req | Period | Periode
JoCo s6 req | Journal | Dagboek
UnId int ref:administration | Administration | Administratie
AuNu bool | Number invoices automatically | Facturen automatisch nummeren
AdDc bool
AdDa bool
PrTp int
`

const entryLineFields = `
VaAs e:1,2,3 req | Kind of account | Soort rekening
AcNr s16 req | Account number | Rekeningnummer
EnNo int key | Entry number | Boekstuknummer
EnDa date req | Entry date | Boekingsdatum
BpDa date req | Document date | Datum boekstuk
BpNr s32 | Document number | Boekstuk
InId s12 | Invoice number | Factuurnummer
Ds s255 | Description | Omschrijving
AmDe dec | Debit | Debet
AmCr dec | Credit | Credit
VaId s3 ref:vatcode | VAT code | Btw-code
CuId s3 ref:currency | Currency | Valuta
Rate dec | Rate | Koers
AmDc dec | Debit in currency | Debet valuta
AmCc dec | Credit in currency | Credit valuta
DaEx date | Due date | Vervaldatum
PaCd s5 ref:payment | Payment condition | Betalingsvoorwaarde
PaId s32 | Payment reference | Betalingskenmerk
OrNu s12 | Order number | Ordernummer
Fref s32 | Invoice reference | Factuurkenmerk
Mref s32 | Matching reference | Afletterkenmerk
AuPa bool | Automatic payment | Automatisch betalen
BlPa bool | Payment blocked | Betaling geblokkeerd
PaBa bool | Refund | Terugbetalen
PrId s15 | Project | Project
AmDp dec
DaDp date
AcPa s16
VaPa dec
DaCl date
`

const dimensionFields = `
DiC1 s16 | Allocation code axis 1 | Verbijzonderingscode as 1
DiC2 s16 | Allocation code axis 2 | Verbijzonderingscode as 2
DiC3 s16 | Allocation code axis 3 | Verbijzonderingscode as 3
DiC4 s16 | Allocation code axis 4 | Verbijzonderingscode as 4
DiC5 s16 | Allocation code axis 5 | Verbijzonderingscode as 5
AmDe dec | Debit | Debet
AmCr dec | Credit | Credit
Quan dec | Quantity | Aantal
`

const projectFields = `
PrId s15 req | Project | Project
ItCd s40 req | Item code | Itemcode
Ds s255 | Description | Omschrijving
AmCo dec | Cost | Kosten
Ch bool
AmSe dec
Qu dec | Quantity | Aantal
`
