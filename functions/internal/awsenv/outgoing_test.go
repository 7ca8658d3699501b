package awsenv

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true,
		"127.0.0.1": false, "::1": false, // the Lambda runtime listens there
		"169.254.169.254": false, "fe80::1": false, "fd00:ec2::254": false, // where clouds keep credentials
		"10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "100.64.0.1": false, "0.0.0.0": false, "0.1.2.3": false,
		"224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false, "::": false, "64:ff9b::a00:1": false, "2002:a00:1::": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: public is %t, want %t", address, got, want)
		}
	}
	if refuseInside(t.Context(), "tcp6", "[::ffff:10.0.0.1]:443", nil) == nil {
		t.Error("a private address written as IPv6 is called")
	}
}

func TestReach(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for reach, refused := range map[string]bool{"public": true, "any": false} {
		e := &Env{variable: func(string) string { return reach }, asked: map[string]bool{}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := e.outgoing().Do(request)
		if err == nil {
			answer.Body.Close()
		}
		if (err != nil) != refused {
			t.Errorf("REACH=%s: calling this machine gave %v", reach, err)
		}
		if err != nil && !strings.Contains(err.Error(), "not one of the internet") {
			t.Errorf("REACH=%s: the error does not say why: %v", reach, err)
		}
	}
	e := &Env{variable: func(string) string { return "everywhere" }, asked: map[string]bool{}}
	e.outgoing()
	if len(e.missing) != 1 || !strings.Contains(e.missing[0].Error(), "public or any") {
		t.Errorf("REACH=everywhere: got %v", e.missing)
	}
}
