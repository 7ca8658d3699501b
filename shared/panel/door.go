package panel

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"sync"
	"time"
)

// linkLife is how long a link waits to be used.
const linkLife = 10 * time.Minute

// door hands out links that let one browser in, once. It belongs to one process, that of whoever asks for a link; sessions do
// not (see session.go). A link's token has 256 random bits and is kept as a hash only, so that nothing read from memory opens
// the panel.
type door struct {
	now  func() time.Time
	rand io.Reader

	mu    sync.Mutex
	links map[[sha256.Size]byte]grant
}

// grant is a link not used yet.
type grant struct {
	tenant string
	until  time.Time
}

func newDoor(now func() time.Time, rand io.Reader) *door {
	return &door{now: now, rand: rand, links: map[[sha256.Size]byte]grant{}}
}

// token returns 256 random bits as text for an address or a cookie.
func (d *door) token() string {
	var raw [32]byte
	if _, err := io.ReadFull(d.rand, raw[:]); err != nil {
		panic("panel: the source of randomness failed: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func (d *door) link(tenant string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	token, now := d.token(), d.now()
	for hash, g := range d.links {
		if !now.Before(g.until) {
			delete(d.links, hash)
		}
	}
	d.links[sha256.Sum256([]byte(token))] = grant{tenant: tenant, until: now.Add(linkLife)}
	return token
}

// use uses a link up and returns the tenant it was for; ok is false when it was used, is too old or never was.
func (d *door) use(token string) (tenant string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hash := sha256.Sum256([]byte(token))
	g, ok := d.links[hash]
	delete(d.links, hash)
	return g.tenant, ok && d.now().Before(g.until)
}
