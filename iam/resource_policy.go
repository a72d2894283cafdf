package iam

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// ResourcePolicyInput asks for a call on the policy of a resource. The policy is that of Access.Holder or, where that is empty, of Access.Resource, which
// must be an ARN and no pattern.
type ResourcePolicyInput struct {
	// Access is what the call needs, such as s3:PutBucketPolicy on the bucket.
	Access
	// Operation as CloudTrail names it; empty: the name of the action.
	Operation string
	// Parameters are the requestParameters of the event; nil: the ARN and the document.
	Parameters map[string]any
	// Document is the policy to put.
	Document string
	// Edit, if not nil, makes the document of the one that there is ("": none), such as by a statement that AddPermission adds. Where it makes none, the
	// policy is taken away. It may be called more than once; its error is the answer.
	Edit func(current string) (string, error)
	// BypassLockoutCheck puts a key policy that leaves its caller no way to put another one (AWS KMS API Reference, PutKeyPolicy).
	BypassLockoutCheck bool
	// BlockPublic refuses a policy that grants to everybody (AWS Secrets Manager API Reference, PutResourcePolicy).
	BlockPublic bool
	// Forward, if not nil, has the resource's own service do the same, after the call is allowed, found right and recorded, and before it takes effect
	// here. If it fails, nothing changes here and its error is the answer. It needs deadlines of its own.
	Forward func(ctx context.Context) error
}

// validate leaves the document to checkResourcePolicy, since services answer for it after they have authorized.
func (in ResourcePolicyInput) validate(v *validator) {
	if _, err := policy.ParseARN(in.held()); err != nil || strings.ContainsAny(in.held(), "*?") {
		v.refuse("ValidationError", "ARN %s is not valid.", shorten(in.held()))
	}
}

// MarshalJSON is what the trail keeps.
func (in ResourcePolicyInput) MarshalJSON() ([]byte, error) {
	if in.Parameters != nil {
		return json.Marshal(in.Parameters)
	}
	parameters := map[string]any{"resourceArn": in.held()}
	if in.Document != "" {
		parameters["policy"] = in.Document
	}
	return json.Marshal(parameters)
}

// call is the call as the directory decides it.
func (in ResourcePolicyInput) call(caller Caller) call {
	service, name, _ := strings.Cut(in.Action, ":")
	if in.Operation != "" {
		name = in.Operation
	}
	return call{service: service, name: name, acts: in.Action, in: in, on: func(a *Account) target {
		t := target{resource: in.Resource, keys: maps.Clone(in.Keys), access: in.Access}
		if service == "s3" { // whose sentences have the resource in quotation marks
			t.shown = `"` + in.Resource + `"`
		}
		t.access.Account, t.access.Policy = a.id, nil
		if !in.exempt(caller, a.id) {
			t.access.Policy, t.err = a.rules(in.held())
		}
		return t
	}}
}

// PutResourcePolicy puts a policy on a resource, in place of the one that it has. Which documents are accepted, and what the caller is told about
// others, depends on the service. Users and roles that the policy names must exist, and are saved by their unique ids.
func (d *Directory) PutResourcePolicy(ctx context.Context, caller Caller, in ResourcePolicyInput) error {
	return d.changeResourcePolicy(ctx, caller, in, func(tx *draft, r *resourceRecord) (err error) {
		put := in
		if in.Edit != nil {
			if put.Document, err = tx.edited(in, r); err != nil {
				return err
			}
			if put.Document == "" {
				r.Policy, r.PrincipalIDs = "", nil
				return rulesOf(in.held()).checkForeign(tx.Account, caller, in)
			}
		}
		r.Policy = put.Document
		r.PrincipalIDs, err = tx.checkPut(caller, put)
		return err
	})
}

// edited is what in.Edit makes of the policy that there is, as requests see it: principals that are gone stand there by their unique ids, which nobody
// else gets, so that an edit does not let others of their names in.
func (tx *draft) edited(in ResourcePolicyInput, r *resourceRecord) (document string, err error) {
	if document = r.Policy; document != "" {
		if document, err = tx.directory.shownDocument(tx.ctx, tx.Account, r.Policy, r.PrincipalIDs); err != nil {
			return "", err
		}
	}
	return in.Edit(document)
}

// DeleteResourcePolicy takes a resource's policy away. Services differ in whether there must be one.
func (d *Directory) DeleteResourcePolicy(ctx context.Context, caller Caller, in ResourcePolicyInput) error {
	return d.changeResourcePolicy(ctx, caller, in, func(tx *draft, r *resourceRecord) error {
		rules := rulesOf(in.held())
		if err := rules.checkForeign(tx.Account, caller, in); err != nil {
			return err
		}
		if r.Policy == "" && rules.deletesOnlyWhatIs {
			return rules.missing(in.held())
		}
		r.Policy, r.PrincipalIDs = "", nil
		return nil
	})
}

// ResourcePolicyOutput is a resource's policy as requests see it: principals that were renamed by the ARNs that they have now, and those that are gone by
// their unique ids.
type ResourcePolicyOutput struct {
	Document string
	Revision int64 // of the store, at which the resource's record was last written
	// Public: some statement allows everybody, without a condition that bounds it (Amazon S3 User Guide, "The meaning of public").
	Public bool
}

// GetResourcePolicy returns a resource's policy. Without one services answer differently: most say that there is none, Secrets Manager and SQS show no
// document, KMS its default policy.
func (d *Directory) GetResourcePolicy(ctx context.Context, caller Caller, in ResourcePolicyInput) (ResourcePolicyOutput, error) {
	account, err := owner(in.Account, in.held(), caller.Principal.Account)
	if err != nil {
		return ResourcePolicyOutput{}, err
	}
	return readIn(ctx, d, account, caller, in.call(caller), func(a *Account) (out ResourcePolicyOutput, err error) {
		rules := rulesOf(in.held())
		if err := rules.checkForeign(a, caller, in); err != nil {
			return out, err
		}
		entry, ok := a.resources[in.held()]
		switch {
		case ok && entry.record.Policy != "":
			out.Revision = entry.record.Revision
			out.Document, err = d.shownDocument(ctx, a, entry.record.Policy, entry.record.PrincipalIDs)
		case isKMSKey(in.held()):
			out.Document = defaultKeyPolicy(a.partition, a.id)
		default:
			return out, rules.missing(in.held())
		}
		if err == nil {
			out.Public, err = isPublic(out.Document)
		}
		return out, err
	})
}

// CheckResourcePolicy tells whether PutResourcePolicy would keep the document for this caller, without asking whether the caller may: for requests that
// make a resource with its policy.
func (d *Directory) CheckResourcePolicy(ctx context.Context, caller Caller, in ResourcePolicyInput) error {
	account, err := owner(in.Account, in.held(), caller.Principal.Account)
	if err != nil {
		return err
	}
	a, err := d.Account(ctx, account)
	if err != nil {
		return err
	}
	_, err = (&draft{Account: a, ctx: ctx, directory: d}).checkPut(caller, in)
	if err != nil {
		return asError(err)
	}
	return nil
}

// changeResourcePolicy decides, records and does a call that changes a resource's policy, after its service has done it where it has to.
func (d *Directory) changeResourcePolicy(ctx context.Context, caller Caller, in ResourcePolicyInput, edit func(tx *draft, r *resourceRecord) error) error {
	account, err := owner(in.Account, in.held(), caller.Principal.Account)
	if err != nil {
		return err
	}
	c := in.call(caller)
	do := func(tx *draft) error { return tx.editResource(in.held(), edit) }
	if in.Forward == nil {
		return d.changeIn(ctx, account, caller, c, do)
	}
	key := account + "/" + in.held()
	if _, busy := d.forwarding.LoadOrStore(key, true); busy {
		return d.refuse(ctx, c.event(caller, false), refusef("OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Try again."))
	}
	defer d.forwarding.Delete(key)
	event, err := d.announce(ctx, account, caller, c, do)
	if err != nil {
		return err
	}
	if err := in.Forward(ctx); err != nil {
		_ = d.refuse(ctx, event, err) // the caller is told what the service said
		return err
	}
	c.settled = true
	return d.changeIn(ctx, account, caller, c, do)
}

// announce decides a change, tries it on a draft that is thrown away, and records it.
func (d *Directory) announce(ctx context.Context, account string, caller Caller, c call, do func(tx *draft) error) (trail.Event, error) {
	event := c.event(caller, false)
	a, err := d.Account(ctx, account)
	if err == nil {
		err = c.decide(a, caller, &event)
	}
	if err == nil {
		tx := &draft{Account: a, ctx: ctx, directory: d, account: a.record}
		if err = do(tx); err == nil {
			err = tx.checkSize()
		}
	}
	if err != nil {
		return event, d.refuse(ctx, event, err)
	}
	if err := d.trail.Record(ctx, event); err != nil {
		return event, failure(fmt.Errorf("recording %s: %w", c.name, err))
	}
	return event, nil
}
