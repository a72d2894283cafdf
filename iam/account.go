package iam

import (
	"context"

	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
)

// Account is an immutable snapshot of one account, for authentication and exchange only: nothing is authorized or recorded here.
type Account struct{}

// Account returns the current snapshot, or an *Error NoSuchEntity.
func (d *Directory) Account(ctx context.Context, id string) (*Account, error) { return nil, errStub }

// RoleByName finds a role by its name, without case (the ARN's last path element).
func (a *Account) RoleByName(name string) (*Role, bool) { return nil, false }

// RoleByID finds a role by its unique id.
func (a *Account) RoleByID(id string) (*Role, bool) { return nil, false }

// Trust is the role's compiled trust policy.
func (a *Account) Trust(role *Role) (*policy.Policy, error) { return nil, errStub }

// Policies are the role's compiled identity policies and boundary. Compiled once per snapshot.
func (a *Account) Policies(role *Role) (policy.Policies, error) { return policy.Policies{}, errStub }

// ManagedPolicy is the compiled default version of a managed policy, for session PolicyArns.
func (a *Account) ManagedPolicy(arn string) (*policy.Policy, error) { return nil, errStub }

// Provider is the registered provider with this issuer (exact "https://…" string), and its ARN.
func (a *Account) Provider(issuer string) (p oidc.Provider, arn string, ok bool) {
	return oidc.Provider{}, "", false
}

// AccessKey looks a key up; ok is false for an unknown id.
func (d *Directory) AccessKey(ctx context.Context, id string) (key AccessKey, ok bool, err error) {
	return AccessKey{}, false, errStub
}

// AccessKeyID makes an access key id from a prefix (AKIA, ASIA), a 12-digit account and at least 5 random bytes.
func AccessKeyID(prefix, account string, random []byte) string { return "" }

// AccountOfAccessKeyID reads the account out of an access key id that AccessKeyID made.
func AccountOfAccessKeyID(id string) (account string, ok bool) { return "", false }
