package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"apicenter/shared/store"
)

// positionKey gives every position a partition of its own: fetches write there after each page.
func positionKey(p store.PositionKey) item {
	return at("position#"+join(p.Tenant, p.Flow, p.Mode), "position")
}

// held is the condition that a lease is owner's and has not expired. Promise 4.
const held = "#owner = :owner AND #until > :now"

// Acquire implements store.Positions. The mark "again" outlives a change of owner: what was read before it was set may lie
// behind the checkpoint from which the next owner goes on.
func (s *Store) Acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (store.Position, bool, error) {
	if owner == "" {
		return store.Position{}, false, fmt.Errorf("position of flow %q: a lease needs an owner", p.Flow)
	}
	for attempt := 0; ; attempt++ {
		pos, acquired, settled, err := s.acquire(ctx, p, owner, until)
		if err == nil && !settled {
			if attempt+1 >= tries {
				err = store.ErrConflict
			} else {
				err = pause(ctx, attempt)
			}
		}
		if err != nil {
			return store.Position{}, false, fmt.Errorf("position of flow %q: %w", p.Flow, err)
		}
		if settled {
			return pos, acquired, nil
		}
	}
}

// acquire takes the lease, or marks it for the one who holds it. Neither settles it when the lease went in between.
func (s *Store) acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (pos store.Position, acquired, settled bool, err error) {
	values := item{":owner": text(owner), ":until": moment(until), ":now": moment(s.now())}
	row, acquired, err := s.update(ctx, s.tables.Config, positionKey(p), "SET #owner = :owner, #until = :until",
		"attribute_not_exists(#owner) OR #owner = :owner OR #until <= :now", values)
	if err != nil {
		return pos, false, false, err
	}
	pos, err = s.position(row)
	if err != nil || acquired || pos.Again { // the mark that stands there does for this call as well
		return pos, acquired, true, err
	}
	row, settled, err = s.update(ctx, s.tables.Config, positionKey(p), "SET #again = :true", "#owner <> :owner AND #until > :now",
		item{":owner": text(owner), ":now": moment(s.now()), ":true": flag(true)})
	if err != nil || !settled {
		return pos, false, false, err
	}
	pos, err = s.position(row)
	return pos, false, true, err
}

// SaveCheckpoint implements store.Positions.
func (s *Store) SaveCheckpoint(ctx context.Context, p store.PositionKey, owner, checkpoint string, until time.Time) error {
	return s.whileHeld(ctx, p, owner, "SET #checkpoint = :checkpoint, #until = :until, #token = :token",
		item{":checkpoint": text(checkpoint), ":until": moment(until)})
}

// HandOver implements store.Positions.
func (s *Store) HandOver(ctx context.Context, p store.PositionKey, owner, next string, until time.Time) error {
	return s.whileHeld(ctx, p, owner, "SET #owner = :next, #until = :until, #token = :token",
		item{":next": text(next), ":until": moment(until)})
}

// whileHeld changes a position whose lease is owner's.
func (s *Store) whileHeld(ctx context.Context, p store.PositionKey, owner, change string, values item) error {
	token := newToken()
	values[":owner"], values[":now"], values[":token"] = text(owner), moment(s.now()), text(token)
	stood, done, err := s.update(ctx, s.tables.Config, positionKey(p), change, held, values)
	if err == nil && !done && !wrote(stood, token) {
		err = store.ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("position of flow %q: %w", p.Flow, err)
	}
	return nil
}

// Release implements store.Positions. Giving back and taking the mark away are two writes, each of which a repeat knows
// again: a single one could take the mark away, lose its reply, and give the lease back at the repeat without telling of it.
func (s *Store) Release(ctx context.Context, p store.PositionKey, owner string) (again bool, err error) {
	for attempt := 0; ; attempt++ {
		err := s.giveBack(ctx, p, owner)
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, errMarked) {
			return false, fmt.Errorf("position of flow %q: %w", p.Flow, err)
		}
		values := item{":owner": text(owner), ":now": moment(s.now())}
		stood, done, err := s.update(ctx, s.tables.Config, positionKey(p), "REMOVE #again", held+" AND attribute_exists(#again)", values)
		if err != nil {
			return false, fmt.Errorf("position of flow %q: %w", p.Flow, err)
		}
		if pos, err := s.position(stood); err == nil && (done || pos.Owner == owner) {
			return true, nil // the mark went by this call, perhaps by its first try
		}
		if attempt+1 >= tries {
			return false, fmt.Errorf("position of flow %q: %w", p.Flow, store.ErrLeaseLost)
		}
	}
}

// errMarked says that a lease cannot be given back because somebody asked its holder to look again.
var errMarked = errors.New("marked again")

func (s *Store) giveBack(ctx context.Context, p store.PositionKey, owner string) error {
	token := newToken()
	stood, done, err := s.update(ctx, s.tables.Config, positionKey(p), "SET #token = :token REMOVE #owner, #until",
		held+" AND attribute_not_exists(#again)", item{":owner": text(owner), ":now": moment(s.now()), ":token": text(token)})
	if err != nil || done || wrote(stood, token) {
		return err
	}
	pos, err := s.position(stood)
	if err == nil && pos.Owner == owner && owner != "" && pos.Again {
		return errMarked
	}
	if err == nil {
		err = store.ErrLeaseLost
	}
	return err
}

// Position implements store.Positions.
func (s *Store) Position(ctx context.Context, p store.PositionKey) (store.Position, error) {
	row, err := s.get(ctx, s.tables.Config, positionKey(p))
	var pos store.Position
	if err == nil {
		pos, err = s.position(row)
	}
	if err != nil {
		return store.Position{}, fmt.Errorf("position of flow %q: %w", p.Flow, err)
	}
	return pos, nil
}

// position reads a position as it stands at the clock's time: an expired lease is nobody's.
func (s *Store) position(row item) (store.Position, error) {
	r := reader{row: row}
	pos := store.Position{Checkpoint: r.text("checkpoint"), Owner: r.text("owner"), Until: r.moment("until"), Again: r.flag("again")}
	if !s.now().Before(pos.Until) {
		pos.Owner, pos.Until = "", time.Time{}
	}
	return pos, r.err
}
