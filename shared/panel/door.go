package panel

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"sync"
	"time"
)

// How long a link waits to be used, and a session lasts.
const (
	linkLife    = 10 * time.Minute
	sessionLife = 12 * time.Hour
)

// door lets people in: by a link that works once, then by a session. Both are random tokens of 256 bits that are kept in
// memory as hashes only, so that nothing read from memory opens the panel. A restart signs everybody out.
type door struct {
	now  func() time.Time
	rand io.Reader

	mu       sync.Mutex
	links    map[[sha256.Size]byte]grant
	sessions map[[sha256.Size]byte]*session
}

// grant is a link not used yet.
type grant struct {
	tenant string
	until  time.Time
}

// session is one browser that was let in.
type session struct {
	tenant string
	form   string // token that every form of the session carries
	until  time.Time
	note   *note // what to say on the next page
}

// note is a sentence for the next page: what an action did, or why it could not.
type note struct {
	Bad        bool
	Text       string
	Advice     string
	Connection string // the connection a test was about; empty for notes of the whole page
	Details    []string
}

func newDoor(now func() time.Time, rand io.Reader) *door {
	return &door{now: now, rand: rand, links: map[[sha256.Size]byte]grant{}, sessions: map[[sha256.Size]byte]*session{}}
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

// use turns a link into a session and returns the session's id; ok is false when the link was used, is too old or never was.
func (d *door) use(token string) (id string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	hash, now := sha256.Sum256([]byte(token)), d.now()
	g, ok := d.links[hash]
	delete(d.links, hash)
	if !ok || !now.Before(g.until) {
		return "", false
	}
	for old, s := range d.sessions {
		if !now.Before(s.until) {
			delete(d.sessions, old)
		}
	}
	id = d.token()
	d.sessions[sha256.Sum256([]byte(id))] = &session{tenant: g.tenant, form: d.token(), until: now.Add(sessionLife)}
	return id, true
}

// session returns a copy of the session with the id.
func (d *door) session(id string) (session, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.sessions[sha256.Sum256([]byte(id))]
	if !ok || !d.now().Before(s.until) {
		return session{}, false
	}
	return *s, true
}

// leave ends a session.
func (d *door) leave(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sessions, sha256.Sum256([]byte(id)))
}

// say keeps a note for the session's next page.
func (d *door) say(id string, n note) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.sessions[sha256.Sum256([]byte(id))]; ok {
		s.note = &n
	}
}

// hear returns the note kept for the session, once.
func (d *door) hear(id string) *note {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.sessions[sha256.Sum256([]byte(id))]
	if !ok {
		return nil
	}
	n := s.note
	s.note = nil
	return n
}

// holds reports whether a form sent the session's token.
func (s session) holds(token string) bool {
	return s.form != "" && subtle.ConstantTimeCompare([]byte(s.form), []byte(token)) == 1
}
