// Package all lists the connectors of this release. Whoever wires a process passes the list on; nothing registers itself.
package all

import (
	"apicenter/shared/connector"
	"apicenter/shared/connector/afas"
	"apicenter/shared/connector/mpluskassa"
)

// Connectors returns every connector, by title.
func Connectors() []connector.Connector {
	return []connector.Connector{
		afas.Connector,
		mpluskassa.Connector,
	}
}
