// Package iam STUB: API agreed between packages. The owner replaces every body and comment.
package iam

import (
	"context"
	"time"

	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/trail"
)

// Caller is who asks, and what they may do; every method that a request reaches takes one. The directory decides by it and records it.
type Caller struct {
	Principal   policy.Principal
	AccessKeyID string
	Policies    policy.Policies // Identity, Boundary, Session
	Context     *policy.Context // condition keys of this request (aws:SourceIp, aws:CurrentTime, aws:PrincipalTag/…, …)
	Origin      trail.Origin
	// Issued and Expires of a session; zero for long-term keys.
	Issued, Expires time.Time
	// Tags and so on of a session, for role chaining.
	SessionTags    map[string]string
	TransitiveTags []string
	SourceIdentity string
	ChainDepth     int // 0: not a role session; 1: from AssumeRoleWithWebIdentity or from a user; 2…: chained
}

// Error is a refusal in AWS's words. Door packages map Code to an HTTP status.
type Error struct {
	Code     string // NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded, MalformedPolicyDocument, InvalidInput, ValidationError, AccessDenied, ServiceFailure, …
	Message  string
	Decision *policy.Decision // AccessDenied
	Err      error            // cause, for the operator; never told
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.Err }

// Recorder is what the directory asks of the trail.
type Recorder interface {
	Record(ctx context.Context, e trail.Event) error
	Enqueue(e trail.Event)
}

// Config of a Directory.
type Config struct {
	Store          Store
	Trail          Recorder
	Now            func() time.Time
	DefaultAccount string // the account that may create others
	Partition      string // "aws"
}

// Directory is IAM's state.
type Directory struct{}

// New opens the directory in c.Store.
func New(ctx context.Context, c Config) (*Directory, error) { return nil, nil }

// Tag is a key and a value.
type Tag struct{ Key, Value string }

// Role is a role record.
type Role struct {
	Account, Name, Path, ID, ARN string
	Description                  string
	Created                      time.Time
	TrustPolicy                  string // as given
	MaxSessionDuration           time.Duration
	BoundaryARN                  string
	Tags                         []Tag
	Inline                       map[string]string
	Attached                     []string // policy ARNs
	LastUsed                     time.Time
	LastUsedRegion               string
}

// Account is an immutable snapshot of one account, for authentication and exchange only: nothing is authorized or recorded here.
type Account struct{}

// Account returns the current snapshot, or an *Error NoSuchEntity.
func (d *Directory) Account(ctx context.Context, id string) (*Account, error) { return nil, nil }

// RoleByName finds a role by its name, without case (the ARN's last path element).
func (a *Account) RoleByName(name string) (*Role, bool) { return nil, false }

// RoleByID finds a role by its unique id.
func (a *Account) RoleByID(id string) (*Role, bool) { return nil, false }

// Trust is the role's compiled trust policy.
func (a *Account) Trust(role *Role) (*policy.Policy, error) { return nil, nil }

// Policies are the role's compiled identity policies and boundary. Compiled once per snapshot.
func (a *Account) Policies(role *Role) (policy.Policies, error) { return policy.Policies{}, nil }

// ManagedPolicy is the compiled default version of a managed policy, for session PolicyArns.
func (a *Account) ManagedPolicy(arn string) (*policy.Policy, error) { return nil, nil }

// Provider is the registered provider with this issuer (exact "https://…" string), and its ARN.
func (a *Account) Provider(issuer string) (p oidc.Provider, arn string, ok bool) {
	return oidc.Provider{}, "", false
}

// AccessKey is a long-term key of an account's root (users come in step 2).
type AccessKey struct {
	ID, Secret string
	Account    string
	UserID     string // empty: the account's root
}

// AccessKey looks a key up; ok is false for an unknown id.
func (d *Directory) AccessKey(ctx context.Context, id string) (key AccessKey, ok bool, err error) {
	return AccessKey{}, false, nil
}

// RootPolicy is what an account's root may do: everything.
func RootPolicy() *policy.Policy { return nil }

// Authorize decides action on resource for caller, without recording: for doors and services that record themselves.
func Authorize(caller Caller, action, resource string, extra map[string][]string) policy.Decision {
	return policy.Decision{}
}
