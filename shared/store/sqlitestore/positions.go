package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"apicenter/shared/sqlitefile"
	"apicenter/shared/store"
)

const (
	getPosition = `SELECT checkpoint, owner, until, again FROM positions WHERE tenant = ? AND flow = ? AND mode = ?`
	putPosition = `INSERT INTO positions (tenant, flow, mode, checkpoint, owner, until, again) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET checkpoint = excluded.checkpoint, owner = excluded.owner, until = excluded.until,
			again = excluded.again`
)

// Acquire implements store.Positions. The mark "again" outlives a change of owner: what was read before it was set may lie
// behind the checkpoint from which the next owner goes on.
func (s *Store) Acquire(ctx context.Context, p store.PositionKey, owner string, until time.Time) (pos store.Position, acquired bool, err error) {
	err = s.changePosition(ctx, p, func(now *store.Position) error {
		acquired = now.Owner == "" || now.Owner == owner
		if acquired {
			now.Owner, now.Until = owner, until
		} else {
			now.Again = true
		}
		pos = *now
		return nil
	})
	if err != nil {
		return store.Position{}, false, err
	}
	return pos, acquired, nil
}

// SaveCheckpoint implements store.Positions.
func (s *Store) SaveCheckpoint(ctx context.Context, p store.PositionKey, owner, checkpoint string, until time.Time) error {
	return s.changePosition(ctx, p, func(now *store.Position) error {
		if err := held(*now, owner); err != nil {
			return err
		}
		now.Checkpoint, now.Until = checkpoint, until
		return nil
	})
}

// HandOver implements store.Positions.
func (s *Store) HandOver(ctx context.Context, p store.PositionKey, owner, next string, until time.Time) error {
	return s.changePosition(ctx, p, func(now *store.Position) error {
		if err := held(*now, owner); err != nil {
			return err
		}
		now.Owner, now.Until = next, until
		return nil
	})
}

// Release implements store.Positions.
func (s *Store) Release(ctx context.Context, p store.PositionKey, owner string) (again bool, err error) {
	err = s.changePosition(ctx, p, func(now *store.Position) error {
		if err := held(*now, owner); err != nil {
			return err
		}
		if again = now.Again; again {
			now.Again = false
		} else {
			now.Owner, now.Until = "", time.Time{}
		}
		return nil
	})
	return again && err == nil, err
}

// Position implements store.Positions.
func (s *Store) Position(ctx context.Context, p store.PositionKey) (pos store.Position, err error) {
	err = s.file.Read(ctx, func(tx *sqlitefile.Tx) error {
		pos, err = s.position(tx, p)
		return err
	})
	if err != nil {
		return store.Position{}, fmt.Errorf("position of flow %q: %w", p.Flow, err)
	}
	return pos, nil
}

// changePosition reads a position, lets change change it, and saves it unless change refused.
func (s *Store) changePosition(ctx context.Context, p store.PositionKey, change func(now *store.Position) error) error {
	err := s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		pos, err := s.position(tx, p)
		if err != nil {
			return err
		}
		if err := change(&pos); err != nil {
			return err
		}
		_, err = tx.Exec(putPosition, p.Tenant, p.Flow, p.Mode, pos.Checkpoint, pos.Owner, nanos(pos.Until), pos.Again)
		return err
	})
	if err != nil {
		return fmt.Errorf("position of flow %q: %w", p.Flow, err)
	}
	return nil
}

// position reads a position as it stands at the clock's time: an expired lease is nobody's.
func (s *Store) position(tx *sqlitefile.Tx, p store.PositionKey) (pos store.Position, err error) {
	var until int64
	err = tx.QueryRow(getPosition, p.Tenant, p.Flow, p.Mode).Scan(&pos.Checkpoint, &pos.Owner, &until, &pos.Again)
	if isNone(err) {
		return store.Position{}, nil
	}
	if pos.Until = instant(until); !s.now().Before(pos.Until) {
		pos.Owner, pos.Until = "", time.Time{}
	}
	return pos, err
}

// held checks that a lease, as read just now, is owner's.
func held(pos store.Position, owner string) error {
	if owner == "" || pos.Owner != owner {
		return store.ErrLeaseLost
	}
	return nil
}

// ExpireLeases ends every lease. It is for a process that is alone on the file: whoever held one is dead.
func (s *Store) ExpireLeases(ctx context.Context) error {
	return s.file.Write(ctx, func(tx *sqlitefile.Tx) error {
		_, err := tx.Exec("UPDATE positions SET until = 0 WHERE owner <> ''")
		return err
	})
}
