package mpluskassa

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"apicenter/infra/sandbox/shopdata"
)

// BenchmarkGetOrders reads 10,000 orders in pages of 500 over HTTP.
func BenchmarkGetOrders(b *testing.B) {
	s := New(Options{})
	s.Generate(shopdata.Options{Seed: 1, Orders: 10_000})
	url, stop, err := s.Sim().Start("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	b.ReportAllocs()
	for b.Loop() {
		var size int64
		for marker := 1; marker <= 10_000; marker += 500 {
			body := envelope(fmt.Sprintf(`<getOrders xmlns="urn:mplusqapi"><request><syncMarker>%d</syncMarker><syncMarkerLimit>500</syncMarkerLimit></request></getOrders>`, marker))
			res, err := http.Post(url+"/?ident=demo-ident&secret=demo-secret", contentType, strings.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			n, _ := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			size += n
		}
		b.ReportMetric(float64(size)/10_000, "bytes/order")
	}
}

// BenchmarkMemory reports what an order costs in memory.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := New(Options{})
		s.Generate(shopdata.Options{Seed: 1, Orders: 20_000})
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/20_000, "heap-bytes/order")
		runtime.KeepAlive(s)
	}
}

func envelope(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>` +
		body + `</soap:Body></soap:Envelope>`
}
