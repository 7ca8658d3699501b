package afas

const addressFields = `
CoId s3 req ref:country | Country | Land
PbAd bool req | PO box | Postbusadres
StAd s255 | Text before street | Tekst voor straat
Ad s60 | Street | Straat
HmNr int | House number | Huisnummer
HmAd s30 | House number addition | Toevoeging huisnummer
ZpCd s15 | Postal code | Postcode
Rs s50 | City | Woonplaats
AdAd s255 | Address addition | Toevoeging adres
BeginDate date | Start date | Begindatum
ResZip bool req | Look up city | Woonplaats zoeken
`

const bankFields = `
CoId s3 req ref:country | Country | Land
IbCk bool | Check IBAN | IBAN-controle
Iban s40 | IBAN | IBAN
BaAc s40 | Account number | Rekeningnummer
Bic s11 | BIC | BIC
BkTp int | Bank type | Type bank
BkIc s15
AcGa bool
AcCk bool
DiNm s255
BaNm s255 | Bank | Bank
CalM e:1,2,3
`

const contactFields = `
CdId int key | Contact | Contact
ViKc e:PRS,AFD,AFL req | Kind of contact | Soort contact
PadAdr bool req | Postal address is visiting address | Postadres is adres
ExAd s255 | Department or addressing | Afdeling of adressering
FuDs s50 | Function | Functie
ViFu s15 | Function card | Functiekaart
Corr bool | Mailing | Mailing
ViMd e:EMA,FAX,PRS,PST,TEL | Preferred medium | Voorkeursmedium
TeNr s255 | Telephone | Telefoon
FaNr s255 | Fax | Fax
MbNr s255 | Mobile | Mobiel
EmAd s255 | E-mail | E-mail
HoPa s255 | Website | Website
AtLn s255 | Attention line | Ter attentie van
LeHe s255 | Letter heading | Briefaanhef
Re memo | Remark | Opmerking
Bl bool | Blocked | Geblokkeerd
BcCoOga s15 | Organisation | Organisatie
BcCoPer s15 | Person | Persoon
AddToPortal bool | Portal access | Toegang portal
EmailPortal s255 | Portal e-mail | E-mail portal
`

const organisationFields = `
MatchOga e:0,1,2,3,4,5,6,9 req | Match organisation | Organisatie vergelijken op
PadAdr bool req | Postal address is visiting address | Postadres is adres
AutoNum bool | Number automatically | Autonummering
BcCo s15 key | Number of organisation/person | Nummer organisatie/persoon
BcId int | Internal number | Intern nummer
Nm s255 req | Name | Naam
SeNm s10 | Search name | Zoeknaam
CcNr s30 | Chamber of commerce number | KvK-nummer
CcDa date | Chamber of commerce date | Datum KvK
FiNr s9 | Fiscal number | Fiscaal nummer
NmRg s80 | Statutory name | Statutaire naam
RsRg s50 | Statutory seat | Statutaire vestiging
ViLe s15 | Legal form | Rechtsvorm
TeNr s255 | Telephone | Telefoon
FaNr s255 | Fax | Fax
MbNr s255 | Mobile | Mobiel
EmAd s255 | E-mail | E-mail
HoPa s255 | Website | Website
Corr bool | Mailing | Mailing
ViMd e:EMA,FAX,PRS,PST,TEL | Preferred medium | Voorkeursmedium
LgId s3 | Language | Taal
TtId s3 | Salutation | Aanspreektitel
LeHe s255 | Letter heading | Briefaanhef
StId s20 | Status | Status
BcPa s15 | Part of | Onderdeel van
Re memo | Remark | Opmerking
FileName s255 | File name | Bestandsnaam
FileStream memo | File | Bestand
`

const personFields = `
MatchPer e:0,1,2,3,4,5,6,7,9 req | Match person | Persoon vergelijken op
PadAdr bool req | Postal address is visiting address | Postadres is adres
AutoNum bool | Number automatically | Autonummering
BcCo s15 key | Number of organisation/person | Nummer organisatie/persoon
BcId int | Internal number | Intern nummer
LaNm s80 req | Last name | Achternaam
CaNm s80 | Usual name | Roepnaam
FiNm s50 | First name | Voornaam
In s15 | Initials | Voorletters
Is s15 | Prefix | Voorvoegsel
SpNm bool | Separate partner name | Naam partner apart
NmBi s80 | Birth name | Geboortenaam
IsBi s15 | Prefix of birth name | Voorvoegsel geboortenaam
NmPa s80 | Partner's name | Naam partner
IsPa s15 | Prefix of partner's name | Voorvoegsel naam partner
ViUs e:0,1,2,3 | Use of name | Naamgebruik
ViGe e:M,V,O,X req | Gender | Geslacht
SeNm s10 | Search name | Zoeknaam
DaBi date | Date of birth | Geboortedatum
TtId s3 | Salutation | Aanspreektitel
LeHe s255 | Letter heading | Briefaanhef
TeNr s255 | Telephone work | Telefoon werk
TeN2 s255 | Telephone private | Telefoon privé
FaNr s255 | Fax | Fax
MbNr s255 | Mobile work | Mobiel werk
MbN2 s255 | Mobile private | Mobiel privé
EmAd s255 | E-mail work | E-mail werk
EmA2 s255 | E-mail private | E-mail privé
HoPa s255 | Website | Website
Corr bool | Mailing | Mailing
ViMd e:EMA,FAX,PRS,PST,TEL | Preferred medium | Voorkeursmedium
Re memo | Remark | Opmerking
LgId s3 | Language | Taal
StId s20 | Status | Status
AddToPortal bool | Portal access | Toegang portal
EmailPortal s255 | Portal e-mail | E-mail portal
`

const relationFields = `
DbId s16 key | Debtor number | Nummer debiteur
IsDb bool | Is debtor | Is debiteur
CuId s3 req ref:currency | Currency | Valuta
PaCd s5 ref:payment | Payment condition | Betalingsvoorwaarde
VaDu s3 ref:vatduty | VAT duty | Btw-plicht
VaId s21 | VAT identification number | Btw-identificatienummer
Iban s40 | IBAN | IBAN
BaAc s40 | Account number | Rekeningnummer
CoId s3 ref:country | Country | Land
ColA s16 ref:collective | Collective account | Verzamelrekening
ToAc s16 ref:account | Contra account | Tegenrekening
LgId s3 | Language | Taal
VeId s16 | Sales representative | Vertegenwoordiger
EmId s15 | Employee | Medewerker
PfId s16 ref:none | Profile | Profiel
PrLs s5 ref:pricelist | Price list | Prijslijst
PrVn s16 ref:debtor | Prices of | Prijzen van
DsGr s5 | Discount group | Kortingsgroep
PrLi dec | Line discount | Regelkorting
PrFc dec | Invoice discount | Factuurkorting
ClPc dec | Credit restriction | Kredietbeperking
PrPt dec | Payment discount | Betalingskorting
NtPr bool | Net prices | Nettoprijzen
VtIn bool | Prices including VAT | Prijzen inclusief btw
Krli dec | Credit limit | Kredietlimiet
FaTo s16 ref:debtor | Invoice to | Factureren aan
VkMa s15 ref:warehouse | Warehouse | Magazijn
DeCo e:0,1,2,3 | Delivery condition | Leveringsconditie
OrPr e:1,2,3,4,5,6,7 | Processing of order | Verwerking order
InPv e:A,B,C,D,E,F,M,O,P,Q,R,S,U,V,X,Y | Sending of invoice | Verzending factuur
AuPa bool | Collect automatically | Automatisch incasseren
SiPA bool | One-off mandate | Eenmalige machtiging
VaDt e:B,S | SEPA kind | Soort SEPA
Bl bool | Blocked for delivery | Geblokkeerd voor levering
BlTl bool | Blocked wholly | Volledig geblokkeerd
DuYN bool | Send reminders | Aanmanen
DsId s5 | Reminder set | Aanmaningset
CdDa int ref:contact | Preferred delivery address | Voorkeur afleveradres
CtP1 int ref:contact | Contact person 1 | Contactpersoon 1
CtP2 int ref:contact | Contact person 2 | Contactpersoon 2
CtI1 int ref:contact | Preferred contact | Voorkeur contact
CsDa date | Customer since | Klant sinds
Rm memo | Remark | Opmerking
WaOr bool | Warning on order | Waarschuwing bij order
WaTx s255 | Warning | Waarschuwing
MnOr bool | Order reference is mandatory | Orderreferentie verplicht
VaYN bool | Deviating VAT tariff group | Afwijkende btw-tariefgroep
TrPt s16 | Carrier | Vervoerder
PrDl int | Delivery priority | Leveringsprioriteit
VaTp s3 | Relation type | Type relatie
EnId s50 | E-connection | E-verbinding
OINr s40 | Government number | OIN
EORI s17 | EORI number | EORI-nummer
StMi bool | Minimum invoice | Minimum factuurbedrag
MiIn dec | Minimum invoice amount | Minimum bedrag
StMa bool | Maximum invoice | Maximum factuurbedrag
MaIn dec | Maximum invoice amount | Maximum bedrag
BaCo s30 | Barcode | Barcode
VaBc e:0,1,2,3,4,5,6,7,8 | Barcode kind | Soort barcode
`

// customerSchemas returns the schemas of organisation, person, contact and the
// two sales relations.
func customerSchemas() (org, per, contact, relOrg, relPer *schema) {
	adr := newSchema("KnBasicAddressAdr", addressFields)
	pad := newSchema("KnBasicAddressPad", addressFields)
	bank := newSchema("KnBankAccount", bankFields)
	inner := newSchema("KnPerson", personFields, adr, pad, bank)
	contact = newSchema("KnContact", contactFields, adr, pad, inner)
	org = newSchema("KnOrganisation", organisationFields, adr, pad, bank, contact)
	per = newSchema("KnPerson", personFields, adr, pad, bank, contact)
	relOrg = newSchema("KnSalesRelationOrg", relationFields, org)
	relPer = newSchema("KnSalesRelationPer", relationFields, per)
	return org, per, contact, relOrg, relPer
}
