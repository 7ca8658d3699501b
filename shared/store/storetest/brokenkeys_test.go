package storetest

import (
	"context"
	"time"

	"apicenter/shared/secret"
	"apicenter/shared/store"
)

func brokenKeys() []breakage {
	breakKeys := func(what, promise string, by func(k secret.Keys) secret.Keys) breakage {
		return breakage{what, "keys", promise, func(a adapter) (store.Store, secret.Keys) { return a.Store, by(a.Keys) }}
	}
	return []breakage{
		breakKeys("second maker keeps its own", "a keyset is never replaced, and its second maker gets the first",
			func(k secret.Keys) secret.Keys { return keepsOwn{k} }),
		breakKeys("looked for before it is made", "makers at the same time all get the same keyset", func(k secret.Keys) secret.Keys { return looksThenMakes{k} }),
		breakKeys("erased without a mark", "an erased keyset leaves a mark and nothing else", func(k secret.Keys) secret.Keys { return noMark{k} }),
		breakKeys("tenant ignored", "tenants have keys of their own", func(k secret.Keys) secret.Keys { return oneForAll{k} }),
		breakKeys("time in seconds", "a keyset comes back as it was created", func(k secret.Keys) secret.Keys { return createdInSeconds{k} }),
	}
}

// keyPort is embedded in place of secret.Keys, whose name would hide its method Keys.
type keyPort interface{ secret.Keys }

type keepsOwn struct{ keyPort }

func (b keepsOwn) CreateKeys(ctx context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	_, err := b.keyPort.CreateKeys(ctx, tenant, s)
	return s, err
}

type looksThenMakes struct{ keyPort }

func (b looksThenMakes) CreateKeys(ctx context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	now, found, err := b.Keys(ctx, tenant)
	if err != nil || found {
		return now, err
	}
	_, err = b.keyPort.CreateKeys(ctx, tenant, s)
	return s, err
}

type noMark struct{ keyPort }

func (b noMark) Keys(ctx context.Context, tenant string) (secret.Stored, bool, error) {
	s, found, err := b.keyPort.Keys(ctx, tenant)
	return s, found && !s.Erased, err
}

type oneForAll struct{ keyPort }

func (b oneForAll) Keys(ctx context.Context, _ string) (secret.Stored, bool, error) {
	return b.keyPort.Keys(ctx, "")
}

func (b oneForAll) CreateKeys(ctx context.Context, _ string, s secret.Stored) (secret.Stored, error) {
	return b.keyPort.CreateKeys(ctx, "", s)
}

func (b oneForAll) EraseKeys(ctx context.Context, _ string) error {
	return b.keyPort.EraseKeys(ctx, "")
}

type createdInSeconds struct{ keyPort }

func (b createdInSeconds) CreateKeys(ctx context.Context, tenant string, s secret.Stored) (secret.Stored, error) {
	s.Created = s.Created.Truncate(time.Second)
	return b.keyPort.CreateKeys(ctx, tenant, s)
}
