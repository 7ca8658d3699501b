package awsenv

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// outgoing is the client all connectors share: connections are kept, so that a thousand orders do not shake hands a
// thousand times.
//
// Tenants name the addresses. REACH says whether only those of the internet may be called (public), or any: beside a function
// lie the Lambda runtime, and perhaps a network that is nobody's business.
func (e *Env) outgoing() *http.Client {
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	switch reach := e.need("REACH"); reach {
	case "public":
		dialer.ControlContext = refuseInside
	case "any", "":
	default:
		e.lack(fmt.Errorf("REACH is %q; it has to be public or any", reach))
	}
	return &http.Client{Transport: &http.Transport{
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
	}}
}

// refuseInside ends a call before it is made to an address that is not of the internet. It sees the address that was looked
// up, so a name that leads inside is refused like the address itself.
func refuseInside(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr().Unmap()) {
		return fmt.Errorf("the address %s is not one of the internet and is not called", address)
	}
	return nil
}

// public reports whether an address is one of the internet.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false // loopback, link-local (where clouds keep credentials), multicast, unspecified, private
	}
	for _, inside := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"} {
		if netip.MustParsePrefix(inside).Contains(a) {
			return false // shared by providers, tests, reserved, or an IPv4 address in disguise
		}
	}
	return true
}
