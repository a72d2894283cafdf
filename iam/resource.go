package iam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// Limits of what is kept about the resources of other services.
const (
	maxResources    = 20000 // of one account
	maxResourceARN  = 900   // bytes, so that the ARN fits into a record's key
	maxResourceTags = 50    // of one resource: what most services allow (AWS General Reference, "Tagging AWS resources")
	maxTagKey       = 128   // characters
	maxTagValue     = 256
)

// ResourceRecord is what the plane keeps about a resource of another service: the policy that was put on it, and its tags. Whether the resource itself
// exists is for its service to know.
type ResourceRecord struct {
	Account  string            `json:"-"`
	ARN      string            `json:"-"`
	Policy   string            `json:"policy,omitempty"` // as given; "": none
	Tags     map[string]string `json:"tags,omitempty"`
	Updated  time.Time         `json:"updated"`
	Revision int64             `json:"-"` // of the store, at which it was last written
}

// resourceRecord is the stored form.
type resourceRecord struct {
	ResourceRecord
	PrincipalIDs map[string]string `json:"principalIDs,omitempty"` // of the policy: ARN → the unique id that it had when the policy was saved
}

// resourceEntry is a resource's record as a snapshot holds it.
type resourceEntry struct {
	record  resourceRecord
	program program // nil: no policy
}

func (e *resourceEntry) at() int64 { return e.record.Revision }

func (a *Account) readResource(arn string, r Record, old *resourceEntry) (*resourceEntry, error) {
	record, err := decode[resourceRecord](r)
	if err != nil {
		return nil, err
	}
	record.Account, record.ARN, record.Revision = a.id, arn, r.Revision
	e := &resourceEntry{record: record}
	switch {
	case record.Policy == "":
	case old != nil && old.record.Policy == record.Policy && maps.Equal(old.record.PrincipalIDs, record.PrincipalIDs):
		e.program = old.program
	default:
		e.program = compile("policy of "+arn, record.Policy, resourceOptions(record.PrincipalIDs))
	}
	return e, nil
}

// resourceOptions compiles the policy of a resource; ids are the unique ids of the users and roles that it names.
func resourceOptions(ids map[string]string) policy.Options {
	if ids == nil {
		ids = map[string]string{} // nil would have the engine compare by ARN
	}
	return policy.Options{Kind: policy.Resource, PrincipalIDs: ids}
}

// defaultKeyPolicy lets the account's own policies decide about a KMS key (AWS KMS Developer Guide, "Default key policy").
func defaultKeyPolicy(partition, account string) string {
	return `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:` +
		partition + `:iam::` + account + `:root"},"Action":"kms:*","Resource":"*"}]}`
}

// isKMSKey tells whether an ARN, or a pattern of ARNs, is about KMS keys.
func isKMSKey(arn string) bool {
	return arnPart(arn, 2) == "kms" && strings.HasPrefix(arnPart(arn, 5), "key/")
}

// arnPart is part i of an ARN, from 0 for "arn" to 5 for the resource, or "". It is policy.ParseARN for every request: it allocates nothing, not even
// an error.
func arnPart(arn string, i int) string {
	for range i {
		colon := strings.IndexByte(arn, ':')
		if colon < 0 {
			return ""
		}
		arn = arn[colon+1:]
	}
	if colon := strings.IndexByte(arn, ':'); i < 5 && colon >= 0 {
		return arn[:colon]
	}
	return arn
}

// rules is the compiled policy of a resource, nil where it has none. A KMS key always has one.
func (a *Account) rules(arn string) (*policy.Policy, error) {
	compiled := a.keyPolicy
	if entry, ok := a.resources[arn]; ok && entry.program != nil {
		compiled = entry.program
	} else if !isKMSKey(arn) {
		return nil, nil
	}
	p, err := compiled()
	if err != nil {
		return nil, fmt.Errorf("compiling the policy of %s: %w", arn, err)
	}
	return p, nil
}

// owner is the account that a resource belongs to: the one that its ARN names, which account, if it is given, must be; else account; else the
// caller's own.
func owner(account, arn, caller string) (string, error) {
	named := arnPart(arn, 4)
	if !policy.IsAccountID(named) {
		named = ""
	}
	switch {
	case named != "" && account != "" && account != named:
		return "", failure(fmt.Errorf("reading the record of %s: it is not a resource of account %s", shorten(arn), account))
	case named != "":
		return named, nil
	case account != "":
		return account, nil
	}
	return caller, nil
}

// ownerOf is the snapshot of the account that a resource belongs to; nil for one that is not on this plane, or closed: then nothing is known of
// the resource.
func (d *Directory) ownerOf(ctx context.Context, account, arn, caller string) (*Account, error) {
	id, err := owner(account, arn, caller)
	if err != nil || id == "" {
		return nil, err
	}
	a, err := d.Account(ctx, id)
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == "NoSuchEntity" {
		return nil, nil
	}
	return a, err
}

// ResourcePolicy is the compiled policy of a resource, for policy.Policies.Resource: nil where it has none. A KMS key that was given none has AWS's
// default. account owns the resource; it must be the one that the ARN names, if it names one. The error is an *Error ServiceFailure: who cannot learn
// the policy must deny.
func (d *Directory) ResourcePolicy(ctx context.Context, account, arn string) (*policy.Policy, error) {
	a, err := d.ownerOf(ctx, account, arn, "")
	if err != nil || a == nil {
		return nil, err
	}
	p, err := a.rules(arn)
	if err != nil {
		return nil, failure(err)
	}
	return p, nil
}

// ResourceTags are the tags that are known of a resource; it may have none. The map is shared and must not be changed. Errors are as ResourcePolicy's.
func (d *Directory) ResourceTags(ctx context.Context, account, arn string) (map[string]string, error) {
	a, err := d.ownerOf(ctx, account, arn, "")
	if err != nil || a == nil {
		return nil, err
	}
	if entry, ok := a.resources[arn]; ok {
		return entry.record.Tags, nil
	}
	return nil, nil
}

// MatchingResources are the ARNs of the resources of account that match a pattern and of which something is kept. Errors are as ResourcePolicy's.
func (d *Directory) MatchingResources(ctx context.Context, account, pattern string) ([]string, error) {
	a, err := d.ownerOf(ctx, account, pattern, "")
	if err != nil || a == nil {
		return nil, err
	}
	var found []string
	for arn := range a.resources {
		if policy.MatchGlob(pattern, arn) {
			found = append(found, arn)
		}
	}
	return found, nil
}

// Resources are the records of an account whose ARN begins with prefix, by ARN, for the operator's tools.
func (d *Directory) Resources(ctx context.Context, account, prefix string) ([]ResourceRecord, error) {
	a, err := d.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	var found []ResourceRecord
	for arn, entry := range a.resources {
		if strings.HasPrefix(arn, prefix) {
			found = append(found, entry.record.ResourceRecord)
		}
	}
	slices.SortFunc(found, func(x, y ResourceRecord) int { return strings.Compare(x.ARN, y.ARN) })
	return found, nil
}

// Decide decides access for caller by the caller's policies and by the policy that is kept for the resource, without recording: for doors that record
// themselves. access.Policy is not looked at. Where access is about any of several resources, the policies of all of them count.
//
// The error is an *Error ServiceFailure: a policy could not be read, and nothing may be allowed.
func (d *Directory) Decide(ctx context.Context, caller Caller, access Access) (policy.Decision, error) {
	access.Policy = nil
	if access.WildcardOnly {
		return caller.Decide(access), nil
	}
	a, err := d.ownerOf(ctx, access.Account, access.held(), caller.Principal.Account)
	if err != nil {
		return policy.Decision{}, err
	}
	if a != nil && !access.exempt(caller, a.id) {
		if access.Policy, err = a.rules(access.held()); err != nil {
			return policy.Decision{}, failure(err)
		}
	}
	decision := caller.Decide(access)
	if a == nil || !access.AnyResource || decision.Effect == policy.ExplicitlyDenied {
		return decision, nil
	}
	return a.decideEach(caller, access, decision)
}

// decideEach goes through the policies of all resources that access may be about. What denies explicitly counts most, and what does not allow next.
func (a *Account) decideEach(caller Caller, access Access, decision policy.Decision) (policy.Decision, error) {
	for arn, entry := range a.resources {
		if entry.program == nil || !policy.MatchGlob(access.held(), arn) {
			continue
		}
		p, err := a.rules(arn)
		if err != nil {
			return policy.Decision{}, failure(err)
		}
		access.Policy = p
		one := caller.Decide(access)
		if one.Effect == policy.ExplicitlyDenied {
			return one, nil
		}
		if decision.Allowed() {
			decision = one
		}
	}
	return decision, nil
}

// held is the ARN of what has the policy.
func (access Access) held() string {
	if access.Holder != "" {
		return access.Holder
	}
	return access.Resource
}

// exempt tells whether the policy of the resource has no say: "the root user of the AWS account that owns a bucket" can always read, replace and delete
// the bucket's policy, so that nobody is locked out for good (Amazon S3 API Reference, PutBucketPolicy).
func (access Access) exempt(caller Caller, account string) bool {
	if caller.Principal.Type != policy.Root || caller.Principal.Account != account {
		return false
	}
	switch strings.ToLower(access.Action) {
	case "s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy":
		return true
	}
	return false
}
