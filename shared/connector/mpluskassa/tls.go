package mpluskassa

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the form of fingerprint the maker hands out; it identifies, it does not sign
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"

	"apicenter/shared/connector/internal/soap"
)

// errFingerprint says that the server showed another certificate than the one in the settings.
var errFingerprint = errors.New("the certificate is not the one in the settings")

// errCannotPin says that the platform's transport leaves no room for a fingerprint. Going on without would be to ignore a
// safeguard that the owner asked for.
var errCannotPin = errors.New("this platform's HTTP transport cannot check a certificate's fingerprint")

// httpClient derives the connection's own client: no redirects, no cookies, and the pinned certificate when there is one.
// Time-outs come with the context of each call.
func httpClient(base *http.Client, c config) (*http.Client, error) {
	if base == nil {
		base = &http.Client{}
	}
	client := soap.Direct(base)
	client.Jar, client.Timeout = nil, 0
	if c.fingerprint == nil || !c.tls {
		return client, nil
	}
	transport := base.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	t, ok := transport.(*http.Transport)
	if !ok {
		return nil, errCannotPin
	}
	t = t.Clone()
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	// The pinned certificate is compared byte by byte, which says more than a chain does; servers that are pinned often
	// have a certificate nobody signed. VerifyConnection also runs when a session is resumed.
	t.TLSClientConfig.InsecureSkipVerify = true
	t.TLSClientConfig.VerifyConnection = func(state tls.ConnectionState) error { return pinned(state.PeerCertificates, c.fingerprint) }
	client.Transport = t
	return client, nil
}

func pinned(chain []*x509.Certificate, fingerprint []byte) error {
	if len(chain) == 0 {
		return errFingerprint
	}
	short, long := sha1.Sum(chain[0].Raw), sha256.Sum256(chain[0].Raw) //nolint:gosec // as above
	if bytes.Equal(fingerprint, short[:]) || bytes.Equal(fingerprint, long[:]) {
		return nil
	}
	return errFingerprint
}
