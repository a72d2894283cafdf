package iam

import "time"

// Values that the directory returns are snapshots: their slices and maps are shared and must not be changed.

// Tag is a key and a value.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Role is an IAM role.
type Role struct {
	Account, Name, Path, ID, ARN string
	Description                  string
	Created                      time.Time
	TrustPolicy                  string // as given
	MaxSessionDuration           time.Duration
	BoundaryARN                  string
	Tags                         []Tag
	Inline                       map[string]string // documents by policy name, as given
	Attached                     []string          // policy ARNs
	LastUsed                     time.Time
	LastUsedRegion               string
}

// ManagedPolicy is a customer managed policy, without its documents.
type ManagedPolicy struct {
	Account, Name, Path, ID, ARN  string
	Description                   string
	Created, Updated              time.Time
	DefaultVersionID              string
	AttachmentCount               int
	PermissionsBoundaryUsageCount int
	Tags                          []Tag
}

// PolicyVersion is one version of a managed policy.
type PolicyVersion struct {
	VersionID string
	Document  string // as given
	IsDefault bool
	Created   time.Time
}

// OpenIDConnectProvider is a registered issuer.
type OpenIDConnectProvider struct {
	Account, ARN string
	Issuer       string // the exact issuer string, "https://…"
	URL          string // the issuer without "https://", as GetOpenIDConnectProvider shows it
	ClientIDs    []string
	Thumbprints  []string
	Created      time.Time
	Tags         []Tag
	JWKS         []byte // inline keys; nil: fetched, or embedded
}

// RolePolicy is an inline policy of a role.
type RolePolicy struct {
	RoleName, PolicyName string
	PolicyDocument       string // as given
}

// AttachedPolicy is a managed policy as ListAttachedRolePolicies names it.
type AttachedPolicy struct{ PolicyName, PolicyARN string }

// PolicyRole is a role as ListEntitiesForPolicy names it.
type PolicyRole struct{ RoleName, RoleID string }

// AccountSummary is an account as ListAccounts shows it.
type AccountSummary struct {
	ID      string
	Created time.Time
}

// AccessKey is a long-term key of an account's root (users come later).
type AccessKey struct {
	ID, Secret string
	Account    string
	UserID     string // empty: the account's root
}
