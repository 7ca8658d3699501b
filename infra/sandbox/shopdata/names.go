package shopdata

// region is a part of the market with its own names, streets and forms.
type region struct {
	country   string // ISO code of two letters
	french    bool
	share     int // out of a thousand customers
	first     []string
	prefixes  []string // many empty
	last      []string
	streets   []string
	additions []string // many empty
	cities    []city
	trades    []string // "%s" is a last name
}

// city is a place with the first of its postal codes and how many follow.
type city struct {
	name     string
	from, of int
}

func regions() []region {
	return []region{
		{
			country: "NL", share: 600,
			first: []string{"Anna", "Bram", "Chloë", "Daan", "Esmée", "Femke", "Gijs", "Hanneke", "Ilse", "Jan", "Koen", "Loïs",
				"Maaike", "Niels", "Olaf", "Pieter", "Renée", "Sjoerd", "Tessa", "Wouter", "Yara", "Zoë", "André", "Noël"},
			prefixes: []string{"", "", "", "", "de", "van", "van der", "van den", "van de", "ter", "in 't", "op den"},
			last: []string{"Vries", "Jansen", "Berg", "Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peeters", "Hendriks",
				"Dekker", "Brouwer", "Wit", "Dijkstra", "Kuipers", "Veen", "Horst", "Poort", "Geëring", "Coëvorden", "Heuvel", "Linden"},
			streets: []string{"Kade", "Dorpsstraat", "Kerkstraat", "Julianalaan", "Oude Gracht", "Lindenlaan", "Molenweg", "Stationsplein",
				"2e Jan Steenstraat", "Plein 1944", "Burg. van Tuyllaan", "'s-Gravendijkwal", "Korte Nieuwstraat", "Singel", "Graaf Adolfstraat"},
			additions: []string{"", "", "", "", "", "A", "B", "C", "bis", "II", "III", "hs", "rood", "A3"},
			cities: []city{{"Utrecht", 3511, 70}, {"Amsterdam", 1011, 90}, {"Rotterdam", 3011, 80}, {"'s-Hertogenbosch", 5211, 30}, {"Groningen", 9711, 30},
				{"Zwolle", 8011, 20}, {"Maastricht", 6211, 15}, {"Den Haag", 2511, 80}, {"Sint Jansteen", 4564, 1}, {"Bergen op Zoom", 4611, 10}},
			trades: []string{"Bakkerij %s B.V.", "%s Interieur B.V.", "Brasserie %s", "%s & Zonen V.O.F.", "Stichting De %s", "Café %s", "%s Beheer B.V.", "Handelsonderneming %s"},
		},
		{
			country: "BE", share: 160,
			first:     []string{"Lotte", "Seppe", "Jef", "Marieke", "Wannes", "Griet", "Joris", "Ann-Sofie", "Dirk", "Katrijn", "Léon", "Tine"},
			prefixes:  []string{"", "", "", "", "", "De", "Van", "Van den", "Vanden"},
			last:      []string{"Peeters", "Maes", "Claes", "Wouters", "Goossens", "Bulcke", "Aerts", "Smedt", "Broeck", "Hermans", "Cauwenberghe", "Coster"},
			streets:   []string{"Veldstraat", "Meir", "Bondgenotenlaan", "Brusselsesteenweg", "Korenmarkt", "Gasthuisstraat", "Steenweg op Mol", "Kapelstraat"},
			additions: []string{"", "", "", "", "A", "B", "bus 4", "bus 12", "bus 301"},
			cities:    []city{{"Gent", 9000, 1}, {"Antwerpen", 2000, 1}, {"Leuven", 3000, 2}, {"Brugge", 8000, 1}, {"Hasselt", 3500, 2}, {"Aalst", 9300, 1}},
			trades:    []string{"%s BVBA", "Slagerij %s BV", "Drukkerij %s NV", "Frituur %s", "%s Consulting BV"},
		},
		{
			country: "BE", french: true, share: 100,
			first:     []string{"Élise", "François", "Benoît", "Chloé", "Jérôme", "Amélie", "Gaëlle", "Luc", "Océane", "Théo", "Céline", "Maïté"},
			prefixes:  []string{"", "", "", "", "", "de", "du", "de la"},
			last:      []string{"Dupont", "Lambert", "Dubois", "Lefèvre", "Garçon", "Delvaux", "Hérin", "Simonet", "Noël", "Gérard", "Warnier", "Bastogne"},
			streets:   []string{"Rue de la Forêt", "Avenue Reine Élisabeth", "Chaussée de Liège", "Place du Marché", "Rue Haute", "Quai des Ardennes", "Rue de l'Église"},
			additions: []string{"", "", "", "", "A", "bis", "ter", "bte 4", "bte 11"},
			cities:    []city{{"Liège", 4000, 1}, {"Namur", 5000, 5}, {"Charleroi", 6000, 2}, {"Mons", 7000, 2}, {"Bruxelles", 1000, 1}, {"Arlon", 6700, 1}},
			trades:    []string{"Boulangerie %s SPRL", "%s & Fils SRL", "Librairie %s SA", "Traiteur %s", "Café de l'%s ASBL"},
		},
		{
			country: "DE", share: 140,
			first:     []string{"Jürgen", "Sören", "Käthe", "Günter", "Lena", "Björn", "Heike", "Uwe", "Anneliese", "Jörg", "Mia", "Matthias"},
			prefixes:  []string{"", "", "", "", "", "", "von", "von der", "zu"},
			last:      []string{"Müller", "Schmidt", "Weiß", "Großmann", "Köhler", "Schäfer", "Jørgensen", "Krüger", "Böhm", "Strauß", "Becker", "Lütke"},
			streets:   []string{"Hauptstraße", "Gartenweg", "Straße des 17. Juni", "Königsallee", "Am Mühlenbach", "Bahnhofstr.", "Lindenallee", "Schloßplatz"},
			additions: []string{"", "", "", "", "a", "b", "c", "1/2", "Hinterhaus"},
			cities:    []city{{"Köln", 50667, 30}, {"Düsseldorf", 40210, 20}, {"Münster", 48143, 10}, {"Aachen", 52062, 10}, {"Berlin", 10115, 60}, {"Dresden", 1067, 20}},
			trades:    []string{"Bäckerei %s GmbH", "%s & Söhne GmbH & Co. KG", "Gasthaus %s", "%s Möbel AG", "%s UG (haftungsbeschränkt)"},
		},
	}
}

// references are the texts that customers give their orders.
func references() []string {
	return []string{"", "", "", "Webshop", "Inkoop %d", "Kostenplaats %d", "t.a.v. receptie", "PO-%d", "Telefonisch besteld", "Geschenk für Oma – n° %d"}
}

// remarks are the texts that customers add.
func remarks() []string {
	return []string{"", "", "", "", "", "Graag bellen voor levering", "Bij de buren afgeven", "Cadeau, s.v.p. inpakken", "Livraison après 17h, merci",
		"Bitte nicht klingeln", "Factuur & pakbon apart", "Niet vóór < 10:00 > leveren"}
}
