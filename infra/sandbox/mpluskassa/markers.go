package mpluskassa

import (
	"iter"
	"slices"
	"sort"
	"time"
)

// store holds the entities of one kind in the order of their sync markers.
//
// Each change gives the entity the next marker and appends a version; the
// version before it becomes stale and is dropped later, so an entity has one
// marker only and older values leave gaps. The values of versions never
// change: readers may keep them after the lock is gone.
type store[K comparable, V any] struct {
	counter  int64 // the highest marker given out
	versions []*version[V]
	newest   map[K]*version[V]
	stale    int

	late      time.Duration // see Options.LateVisible
	lateEvery int
	changes   int
}

// version is one state of an entity.
type version[V any] struct {
	value     V
	marker    int64
	visibleAt int64 // in nanoseconds; zero means at once
	next      *version[V]
	prev      *version[V] // kept only while it may still be what readers see
}

func newStore[K comparable, V any]() *store[K, V] {
	return &store[K, V]{newest: map[K]*version[V]{}}
}

// skip raises the counter without a change of this store's entities.
func (s *store[K, V]) skip(n int) { s.counter += int64(n) }

// put stores a new state of an entity under the next marker, which it returns.
func (s *store[K, V]) put(key K, value V, now time.Time) int64 {
	s.counter++
	v := &version[V]{value: value, marker: s.counter}
	s.changes++
	if s.late > 0 && s.changes%s.lateEvery == 0 {
		v.visibleAt = now.Add(s.late).UnixNano()
	}
	if old := s.newest[key]; old != nil {
		old.next = v
		if v.visibleAt != 0 {
			v.prev = old
		}
		old.prev = keepPrev(old, now)
		s.stale++
	}
	s.newest[key] = v
	s.versions = append(s.versions, v)
	if s.stale > 1024 && s.stale > len(s.versions)/2 {
		s.compact(now)
	}
	return v.marker
}

// keepPrev cuts the chain of old versions as soon as nobody can see them.
func keepPrev[V any](v *version[V], now time.Time) *version[V] {
	if v.visibleAt <= now.UnixNano() {
		return nil
	}
	return v.prev
}

// compact drops the versions that nobody can see any more.
func (s *store[K, V]) compact(now time.Time) {
	s.versions = slices.DeleteFunc(s.versions, func(v *version[V]) bool { return !v.current(now) && v.visibleAt <= now.UnixNano() })
	s.stale = len(s.versions) - len(s.newest)
}

// current reports whether readers see this version: it is visible and no later
// one is.
func (v *version[V]) current(now time.Time) bool {
	at := now.UnixNano()
	if v.visibleAt > at {
		return false
	}
	for n := v.next; n != nil; n = n.next {
		if n.visibleAt <= at {
			return false
		}
	}
	return true
}

// get returns what readers see of an entity, or nil.
func (s *store[K, V]) get(key K, now time.Time) *version[V] {
	at := now.UnixNano()
	v := s.newest[key]
	for v != nil && v.visibleAt > at {
		v = v.prev
	}
	return v
}

// last returns the newest state of an entity, seen by readers or not: what a
// writer builds upon.
func (s *store[K, V]) last(key K) (value V, ok bool) {
	if v := s.newest[key]; v != nil {
		return v.value, true
	}
	return value, false
}

// from lists what readers see with a marker of at least the given one, lowest
// first.
func (s *store[K, V]) from(marker int64, now time.Time) iter.Seq[*version[V]] {
	return func(yield func(*version[V]) bool) {
		at := sort.Search(len(s.versions), func(i int) bool { return s.versions[i].marker >= marker })
		for _, v := range s.versions[at:] {
			if v.current(now) && !yield(v) {
				return
			}
		}
	}
}

// page takes the first entities of a sequence that match: all of them, or no
// more than limit when that is positive.
func page[V any](from iter.Seq[*version[V]], limit int64, match func(*version[V]) bool) []*version[V] {
	var out []*version[V]
	for v := range from {
		if !match(v) {
			continue
		}
		out = append(out, v)
		if limit > 0 && int64(len(out)) == limit {
			break
		}
	}
	return out
}

// pick takes the given entities, lowest marker first.
func pick[K comparable, V any](s *store[K, V], keys []K, now time.Time) iter.Seq[*version[V]] {
	var found []*version[V]
	for _, key := range keys {
		if v := s.get(key, now); v != nil && !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, func(a, b *version[V]) int { return int(a.marker - b.marker) })
	return slices.Values(found)
}
