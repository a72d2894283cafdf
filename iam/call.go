package iam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// maxAttempts at a write that other writers get ahead of. Writes of this process wait for each other, so an attempt lost is one of another
// process won. The winner needs no reading before its next write and so tends to win again: hence this many, about a second of them.
const maxAttempts = 128

// What an event keeps of a parameter: bytes of a text, elements of a list.
const (
	maxText     = 1024
	maxElements = 100
)

// call is one operation as it is decided and recorded. Every exported method that a request reaches goes through read or change with one, which
// is where authorization and the trail are.
type call struct {
	service string // "": iam
	name    string // the operation
	in      input  // nil: no parameters
	on      func(a *Account) target
	keys    conditions // condition keys that the input alone gives
	also    []need     // what else must be allowed
	acts    string     // the action, where it is not named as the operation
	settled bool       // it was decided and recorded before
	owner   string     // the account whose callers alone may, whatever their policies say; "": every account's
}

// need is an action that must be allowed beside a call's own.
type need struct {
	action string
	on     func(a *Account) target // nil: the call's own target, with its keys
}

// input is validated before anything else, and recorded by its JSON form.
type input interface{ validate(v *validator) }

// target is what a call is about to read or change.
type target struct {
	resource string // ARN; "*" for actions without resource-level permissions
	shown    string // what AWS's sentence names in its place; "": the resource
	keys     conditions
	access   Access // the rest of it, where the call is about another service's resource
	err      error  // why it cannot be decided
}

// conditions are condition keys and their values.
type conditions map[string][]string

func (c call) action() string {
	if c.acts != "" {
		return c.acts
	}
	if c.service == "" {
		return "iam:" + c.name
	}
	return c.service + ":" + c.name
}

// event begins the call's record.
func (c call) event(caller Caller, readOnly bool) trail.Event {
	source := c.service
	if source == "" {
		source = "iam"
	}
	event := caller.Event(source+".amazonaws.com", c.name)
	event.ReadOnly, event.Action, event.RequestParameters = readOnly, c.action(), parameters(c.in)
	return event
}

// parameters are an input's members as the trail keeps them.
func parameters(in input) map[string]any {
	if in == nil {
		return nil
	}
	encoded, err := json.Marshal(in)
	if err != nil {
		return nil // inputs are texts, numbers and lists of them
	}
	var p map[string]any
	if err := json.Unmarshal(encoded, &p); err != nil {
		return nil
	}
	for name, value := range p {
		p[name] = clip(value)
	}
	return p
}

// clip cuts long texts and lists off.
func clip(value any) any {
	switch value := value.(type) {
	case string:
		if len(value) > maxText {
			return strings.ToValidUTF8(value[:maxText], "") + "…"
		}
	case []any:
		if len(value) > maxElements {
			value = append(value[:maxElements:maxElements], "…")
		}
		for i := range value {
			value[i] = clip(value[i])
		}
		return value
	case map[string]any:
		for name, member := range value {
			value[name] = clip(member)
		}
	}
	return value
}

// decide validates and authorizes the call, and notes in event what was decided.
func (c call) decide(a *Account, caller Caller, event *trail.Event) error {
	if c.in != nil {
		var v validator
		c.in.validate(&v)
		if err := v.err(); err != nil {
			return err
		}
	}
	if c.owner != "" && a.id != c.owner {
		event.Explanation = "Only callers of account " + c.owner + " may call " + c.name + "."
		return &Error{
			Code:     "AccessDenied",
			Message:  fmt.Sprintf("User: %s is not authorized to perform: %s: only callers of account %s are", caller.Principal.ARN, c.action(), c.owner),
			Decision: &policy.Decision{},
		}
	}
	event.Resource = ""
	for _, n := range append([]need{{action: c.action()}}, c.also...) {
		if err := c.authorize(a, caller, n, event); err != nil {
			return err
		}
	}
	return nil
}

// authorize decides one action of the call, and notes in event the call's own decision or the one that denies it.
func (c call) authorize(a *Account, caller Caller, n need, event *trail.Event) error {
	var t target
	keys := conditions{}
	if n.on != nil {
		t = n.on(a)
	} else {
		t = c.on(a)
		maps.Copy(keys, c.keys)
	}
	if t.err != nil {
		return failure(t.err)
	}
	maps.Copy(keys, t.keys)
	access := t.access
	access.Action, access.Resource, access.WildcardOnly, access.Keys = n.action, t.resource, t.resource == "*", keys
	decision := caller.Decide(access)
	if event.Resource == "" || !decision.Allowed() {
		event.Action, event.Resource, event.Decision = n.action, t.resource, &decision
	}
	if decision.Allowed() {
		return nil
	}
	event.Context = caller.ConditionKeys(keys, access.ListKeys...)
	if t.shown != "" {
		return Denied(caller, n.action, t.shown, decision)
	}
	return Denied(caller, n.action, t.resource, decision)
}

// read decides and records a call that changes nothing, and answers it from the snapshot of the caller's account. Reads are
// recorded without waiting; denied ones are not answered before they are written.
func read[T any](ctx context.Context, d *Directory, caller Caller, c call, do func(a *Account) (T, error)) (T, error) {
	return readIn(ctx, d, caller.Principal.Account, caller, c, do)
}

// readIn is read for what is another account's, perhaps.
func readIn[T any](ctx context.Context, d *Directory, account string, caller Caller, c call, do func(a *Account) (T, error)) (T, error) {
	var none T
	event := c.event(caller, true)
	a, err := d.Account(ctx, account)
	if err == nil {
		err = c.decide(a, caller, &event)
	}
	if err != nil {
		return none, d.refuse(ctx, event, err)
	}
	out, err := do(a)
	if err != nil {
		refusal := asError(err)
		event.ErrorCode, event.ErrorMessage = refusal.Code, refusal.Message
		d.trail.Enqueue(event)
		return none, refusal
	}
	d.trail.Enqueue(event)
	return out, nil
}

// change decides and records a call that changes the caller's account. The order is: validate, authorize, see whether it can be done, record,
// write. What cannot be recorded is not written; a write that fails after that is recorded as failed. Do sees the account as it is and puts
// records into the draft; it may be called again when another writer got ahead.
//
// A caller who hangs up does not stop it half way: it is done or refused, and recorded so.
func (d *Directory) change(ctx context.Context, caller Caller, c call, do func(tx *draft) error) error {
	return d.changeIn(ctx, caller.Principal.Account, caller, c, do)
}

// changeIn is change for what is another account's, perhaps.
func (d *Directory) changeIn(ctx context.Context, account string, caller Caller, c call, do func(tx *draft) error) error {
	ctx = context.WithoutCancel(ctx)
	event := c.event(caller, false)
	s, err := d.slot(ctx, account)
	if err != nil {
		return d.refuse(ctx, event, err)
	}
	recorded := c.settled
	var unrecorded error
	err = d.write(ctx, s, func(tx *draft) error {
		if !c.settled {
			if err := c.decide(tx.Account, caller, &event); err != nil {
				return err
			}
		}
		if err := do(tx); err != nil {
			return err
		}
		if err := tx.checkSize(); err != nil || recorded {
			return err
		}
		if err := d.trail.Record(ctx, event); err != nil {
			unrecorded = failure(fmt.Errorf("recording %s: %w", c.name, err))
			return unrecorded
		}
		recorded = true
		return nil
	})
	if err == nil || unrecorded != nil {
		return err
	}
	return d.refuse(ctx, event, err)
}

// write has prepare put records into a draft of the account as it is now, and writes them; again when another writer got ahead. Errors are those of
// prepare, or an *Error.
func (d *Directory) write(ctx context.Context, s *slot, prepare func(tx *draft) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := stillOpen(d.latest(ctx, s))
	for range maxAttempts {
		if err != nil {
			return err
		}
		tx := &draft{Account: a, ctx: ctx, directory: d, now: d.now().UTC().Truncate(time.Second), account: a.record} // IAM's dates have seconds
		if err := prepare(tx); err != nil {
			return err
		}
		if err = d.commit(ctx, s, tx); err == nil {
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			// Whether the batch was written is not known here; the next caller reads what is.
			s.current.Store(nil)
			return failure(fmt.Errorf("writing account %s: %w", s.id, err))
		}
		a, err = stillOpen(d.load(ctx, s))
	}
	return &Error{Code: "ConcurrentModification", Message: "The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.", Err: err}
}

// stillOpen refuses an account that was closed meanwhile.
func stillOpen(a *Account, err error) (*Account, error) {
	if err == nil && !a.record.Closed.IsZero() {
		return nil, noSuchAccount(a.id)
	}
	return a, err
}

// refuse records why a call was refused and returns the refusal. The caller's end does not keep it from being written.
func (d *Directory) refuse(ctx context.Context, event trail.Event, err error) error {
	refusal := asError(err)
	event.ErrorCode, event.ErrorMessage = refusal.Code, refusal.Message
	if recordErr := d.trail.Record(context.WithoutCancel(ctx), event); recordErr != nil {
		unrecorded := *refusal
		unrecorded.Err = errors.Join(refusal.Err, fmt.Errorf("recording the refusal: %w", recordErr))
		return &unrecorded
	}
	return refusal
}

// draft is a change being prepared: the account as it is, and the records to write. Its context is that of the one call that it serves.
type draft struct {
	*Account
	ctx        context.Context
	directory  *Directory
	now        time.Time
	account    accountRecord // the account's own record, which is written with every change
	operations []Operation
	conditions []Condition
}

// stage writes data under key, on condition of the revision that the record has now (0: none).
func stage[T any](tx *draft, key string, revision int64, data T) error {
	value, err := encode(data)
	if err != nil {
		return fmt.Errorf("encoding record %s: %w", key, err)
	}
	tx.conditions = append(tx.conditions, Condition{Key: key, Revision: revision})
	tx.operations = append(tx.operations, Operation{Key: key, Value: value})
	return nil
}

// remove deletes the record under key.
func (tx *draft) remove(key string, revision int64) {
	tx.conditions = append(tx.conditions, Condition{Key: key, Revision: revision})
	tx.operations = append(tx.operations, Operation{Key: key})
}

// checkSize refuses what a store could not keep. Quotas count documents without white space, so only that can make records this large.
func (tx *draft) checkSize() error {
	size := 0
	for _, o := range tx.operations {
		size += len(o.Key) + len(o.Value)
	}
	if size > MaxBatchSize*3/4 {
		return refusef("LimitExceeded", "Cannot exceed quota for the stored size of one entity, white space included: %d", MaxBatchSize*3/4)
	}
	return nil
}

// commit writes the draft and renews the account's own record with it, then makes the result the slot's snapshot.
func (d *Directory) commit(ctx context.Context, s *slot, tx *draft) error {
	if len(tx.operations) == 0 {
		return nil // it is as the caller wants it
	}
	if err := stage(tx, recordKey(tx.id, kindAccount, ""), tx.generation, tx.account); err != nil {
		return err
	}
	revision, err := d.store.Apply(ctx, tx.conditions, tx.operations)
	if err != nil {
		return err
	}
	next := tx.clone()
	next.revision = revision
	for _, o := range tx.operations {
		if err := next.install(Record{Key: o.Key, Value: o.Value, Revision: revision}, tx.Account); err != nil {
			return err
		}
	}
	s.current.Store(next)
	return nil
}
