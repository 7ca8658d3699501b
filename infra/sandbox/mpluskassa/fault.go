package mpluskassa

import (
	"net/http"
	"strconv"
)

const contentType = "text/xml; charset=utf-8"

// fault is a SOAP fault. Code is Client or Server, perhaps with a part after a
// dot.
type fault struct{ code, text string }

// writeFault answers a fault. Its children have no namespace, as SOAP 1.1 asks.
func writeFault(w http.ResponseWriter, f fault) {
	b := []byte(envelopeOpen + "<SOAP-ENV:Fault><faultcode>SOAP-ENV:")
	b = appendEscaped(b, f.code)
	b = append(b, "</faultcode><faultstring>"...)
	b = appendEscaped(b, f.text)
	b = append(b, "</faultstring></SOAP-ENV:Fault>"+envelopeClose...)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write(b)
}
