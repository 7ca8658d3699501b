package afas

import "strings"

// countryTable lists the countries: the ISO code, the vendor's own code where
// that is another one, and the name.
const countryTable = `AF Afghanistan;AX Ålandseilanden;AL Albanië;DZ Algerije;AS=ASM Amerikaans-Samoa;AD Andorra;AO Angola;AI Anguilla;AQ Antarctica
AG Antigua en Barbuda;AR Argentinië;AM Armenië;AW Aruba;AU Australië;AT=A Oostenrijk;AZ Azerbeidzjan;BS Bahama's;BH=BRN Bahrein
BD Bangladesh;BB Barbados;BY Belarus;BE=B België;BZ=BH Belize;BJ=DY Benin;BM Bermuda;BT Bhutan;BO Bolivia;BQ Caribisch Nederland
BA Bosnië en Herzegovina;BW=RB Botswana;BV Bouveteiland;BR Brazilië;IO Brits Indische Oceaanterritorium;BN Brunei;BG Bulgarije
BF=BU Burkina Faso;BI=RU Burundi;KH Cambodja;CM=TC Kameroen;CA Canada;CV Kaapverdië;KY Kaaimaneilanden;CF Centraal-Afrikaanse Republiek
TD Tsjaad;CL=RCH Chili;CN China;CX Christmaseiland;CC Cocoseilanden;CO Colombia;KM Comoren;CG Congo;CD Congo (Democratische Republiek)
CK Cookeilanden;CR Costa Rica;CI Ivoorkust;HR Kroatië;CU Cuba;CW Curaçao;CY Cyprus;CZ Tsjechië;DK Denemarken;DJ Djibouti;DM=WD Dominica
DO Dominicaanse Republiek;EC Ecuador;EG=ET Egypte;SV=EL El Salvador;GQ=CQ Equatoriaal-Guinea;ER Eritrea;EE Estland;ET=ETH Ethiopië
FK Falklandeilanden;FO Faeröer;FJ Fiji;FI=FIN Finland;FR=F Frankrijk;GF Frans-Guyana;PF Frans-Polynesië;TF Franse Zuidelijke Gebieden
GA Gabon;GM Gambia;GE Georgië;DE=D Duitsland;GH Ghana;GI Gibraltar;GR Griekenland;GL Groenland;GD=WG Grenada;GP Guadeloupe;GU Guam
GT Guatemala;GG Guernsey;GN Guinee;GW Guinee-Bissau;GY Guyana;HT=RH Haïti;HM Heard en McDonaldeilanden;VA Vaticaanstad;HN Honduras
HK Hongkong;HU=H Hongarije;IS IJsland;IN=RI India;ID Indonesië;IR Iran;IQ Irak;IE Ierland;IM Man;IL Israël;IT=I Italië;JM=JA Jamaica
JP=J Japan;JE Jersey;JO Jordanië;KZ Kazachstan;KE Kenia;KI Kiribati;KP=KO Noord-Korea;KR=ROK Zuid-Korea;XK Kosovo;KW Koeweit;KG Kirgizië
LA Laos;LV Letland;LB=RL Libanon;LS Lesotho;LR=LB Liberia;LY Libië;LI=FL Liechtenstein;LT Litouwen;LU=L Luxemburg;MO Macau
MK Noord-Macedonië;MG Madagaskar;MW Malawi;MY Maleisië;MV Maldiven;ML Mali;MT Malta;MH Marshalleilanden;MQ Martinique;MR Mauritanië
MU=MS Mauritius;YT Mayotte;MX Mexico;FM Micronesia;MD Moldavië;MC Monaco;MN Mongolië;ME Montenegro;MS=MSR Montserrat;MA Marokko
MZ Mozambique;MM Myanmar;NA=SWA Namibië;NR Nauru;NP Nepal;NL Nederland;AN=NA Nederlandse Antillen;NC Nieuw-Caledonië;NZ Nieuw-Zeeland
NI Nicaragua;NE=RN Niger;NG Nigeria;NU Niue;NF Norfolk;MP Noordelijke Marianen;NO=N Noorwegen;OM Oman;PK Pakistan;PW Palau;PS Palestina
PA Panama;PG Papoea-Nieuw-Guinea;PY Paraguay;PE Peru;PH=RP Filipijnen;PN Pitcairneilanden;PL Polen;PT=P Portugal;PR Puerto Rico;QA Qatar
RE Réunion;RO Roemenië;RU=RUS Rusland;RW Rwanda;BL Saint-Barthélemy;SH Sint-Helena;KN Saint Kitts en Nevis;LC=WL Saint Lucia
MF Saint-Martin;PM Saint-Pierre en Miquelon;VC=WV Saint Vincent en de Grenadines;WS Samoa;SM San Marino;ST Sao Tomé en Principe
SA=AS Saoedi-Arabië;SN Senegal;RS Servië;SC=SY Seychellen;SL Sierra Leone;SG Singapore;SX Sint Maarten;SK Slowakije;SI=SLO Slovenië
SB Salomonseilanden;SO=SP Somalië;ZA Zuid-Afrika;GS Zuid-Georgia;SS Zuid-Sudan;ES=E Spanje;LK=CL Sri Lanka;SD=SUD Sudan
SR=SME Suriname;SJ Spitsbergen en Jan Mayen;SZ=SD Swaziland;SE=S Zweden;CH Zwitserland;SY=SYR Syrië;TW=RC Taiwan;TJ Tadzjikistan
TZ Tanzania;TH Thailand;TL Oost-Timor;TG Togo;TK Tokelau;TO Tonga;TT Trinidad en Tobago;TN Tunesië;TR Turkije;TM Turkmenistan
TC=TCA Turks- en Caicoseilanden;TV Tuvalu;UG Oeganda;UA Oekraïne;AE Verenigde Arabische Emiraten;GB Verenigd Koninkrijk
US=USA Verenigde Staten;UM Kleine afgelegen eilanden van de VS;UY Uruguay;UZ Oezbekistan;VU Vanuatu;VE=YV Venezuela;VN Vietnam
VG Britse Maagdeneilanden;VI Amerikaanse Maagdeneilanden;WF Wallis en Futuna;EH Westelijke Sahara;YE Jemen;ZM Zambia;ZW Zimbabwe`

// eachCountry calls f for all countries until it returns false.
func eachCountry(f func(code, name string) bool) {
	for entry := range strings.FieldsFuncSeq(countryTable, func(r rune) bool { return r == ';' || r == '\n' }) {
		code, name, _ := strings.Cut(entry, " ")
		if _, own, ok := strings.Cut(code, "="); ok {
			code = own
		}
		if !f(code, name) {
			return
		}
	}
}

// countryCode returns the vendor's code as it is spelled, empty when there is
// no such country.
func countryCode(v string) string {
	if v == "NL" {
		return v
	}
	found := ""
	eachCountry(func(code, _ string) bool {
		if strings.EqualFold(code, v) {
			found = code
		}
		return found == ""
	})
	return found
}

func countryName(v string) string {
	found := ""
	eachCountry(func(code, name string) bool {
		if code == v {
			found = name
		}
		return found == ""
	})
	return found
}

func countries() []Code {
	var out []Code
	eachCountry(func(code, name string) bool {
		out = append(out, Code{code, name})
		return true
	})
	return out
}
