package iam

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// How finely uses are told apart, and how often they are written. AWS reports uses hours late; a use that a killed process had not written is
// lost, which no answer promised to keep.
const (
	useGrain = time.Minute
	useFlush = time.Minute
)

const usesPrefix = "used/"

// uses remembers when roles and access keys were last used. It is written beside the accounts' records, which it renews none of.
type uses struct {
	latest sync.Map // unique id of a role or access key id → LastUse
	dirty  sync.Map // ids that are not written yet
}

// Used notes that a role or an access key, by its id, was used for a request to service in region.
func (d *Directory) Used(id, service, region string, at time.Time) {
	if known, ok := d.used.latest.Load(id); ok {
		if k := known.(LastUse); at.Sub(k.Time) < useGrain && k.Service == service && k.Region == region {
			return
		}
	}
	d.used.latest.Store(id, LastUse{Time: at.UTC().Truncate(time.Second), Service: service, Region: region})
	d.used.dirty.Store(id, true)
}

// lastUse is when a role or an access key was last used. What cannot be read counts as never: it informs, and decides nothing.
func (d *Directory) lastUse(ctx context.Context, id string) LastUse {
	if known, ok := d.used.latest.Load(id); ok {
		return known.(LastUse)
	}
	record, err := d.store.Get(ctx, usesPrefix+id)
	if err != nil {
		return LastUse{}
	}
	use, err := decode[LastUse](record)
	if err != nil {
		return LastUse{}
	}
	return use
}

// forgetUse takes what is remembered of a role or an access key away with it. Nobody else writes it while it is deleted on condition of its
// account's revision, but for the uses themselves, of which a late one does no harm.
func (tx *draft) forgetUse(id string) {
	tx.operations = append(tx.operations, Operation{Key: usesPrefix + id})
	tx.directory.used.latest.Delete(id)
	tx.directory.used.dirty.Delete(id)
}

// keepUses writes uses now and then, until ctx ends, and once more then.
func (d *Directory) keepUses(ctx context.Context) {
	ticker := time.NewTicker(useFlush)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			d.flushUses(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			d.flushUses(ctx)
		}
	}
}

// flushUses writes what is new, in batches. What is not written now is written the next time.
func (d *Directory) flushUses(ctx context.Context) {
	var ids []string
	d.used.dirty.Range(func(id, _ any) bool {
		ids = append(ids, id.(string))
		return true
	})
	for len(ids) > 0 {
		batch := ids[:min(len(ids), MaxOperations)]
		ids = ids[len(batch):]
		operations := make([]Operation, 0, len(batch))
		for _, id := range batch {
			d.used.dirty.Delete(id)
			use, ok := d.used.latest.Load(id)
			if !ok {
				continue // deleted meanwhile
			}
			value, err := json.Marshal(envelope[any]{Schema: schema, Data: use})
			if err == nil {
				operations = append(operations, Operation{Key: usesPrefix + id, Value: value})
			}
		}
		if _, err := d.store.Apply(ctx, nil, operations); err != nil {
			for _, id := range batch {
				d.used.dirty.Store(id, true)
			}
			return
		}
	}
}
