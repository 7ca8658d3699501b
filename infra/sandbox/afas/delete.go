package afas

import (
	"net/http"
	"strings"
)

// level is one step of a delete path: an object and its key.
type level struct {
	object string
	keys   map[string]string
}

// serveDelete answers DELETE .../{Connector}/{Element}/{keys}/{values}/…
func (s *Sandbox) serveDelete(w http.ResponseWriter, r *http.Request, u *updater, segments []string) {
	if u.remove == nil || len(segments) == 0 || len(segments)%3 != 0 {
		notFound(w)
		return
	}
	var path []level
	for i := 0; i < len(segments); i += 3 {
		names, values := strings.Split(segments[i+1], ","), strings.Split(segments[i+2], ",")
		if len(names) != len(values) {
			s.refuse(w, r, unexpected())
			return
		}
		l := level{segments[i], map[string]string{}}
		for j, n := range names {
			l.keys[strings.TrimPrefix(n, "@")] = values[j]
		}
		path = append(path, l)
	}
	if !strings.EqualFold(path[0].object, u.root) {
		notFound(w)
		return
	}
	if _, bad := s.commit(func(t *tx) ([]result, *fault) { return nil, u.remove(t, path) }); bad != nil {
		s.refuse(w, r, bad)
		return
	}
	writeBody(w, http.StatusOK, []byte("{}"))
}
