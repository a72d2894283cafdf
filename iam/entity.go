package iam

import "time"

// What the directory returns comes out of a snapshot: its slices and maps are shared and must not be changed. JSON tags are the stored form;
// what the key or the account implies is not stored.

// Tag is a key and a value. Keys are compared without case, and kept as they were given.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Role is an IAM role.
type Role struct {
	Account            string            `json:"-"`
	ARN                string            `json:"-"`
	Name               string            `json:"name"`
	Path               string            `json:"path"` // begins and ends with "/"
	ID                 string            `json:"id"`   // AROA…: never used again, so that a recreated role is another one
	Description        string            `json:"description,omitempty"`
	Created            time.Time         `json:"created"`
	TrustPolicy        string            `json:"trustPolicy"`        // as given; GetRole and ListRoles show the unique ids of principals that are gone
	MaxSessionDuration time.Duration     `json:"maxSessionDuration"` // 1 h to 12 h
	BoundaryARN        string            `json:"boundary,omitempty"` // a managed policy's ARN; "": none
	Tags               []Tag             `json:"tags,omitempty"`
	Inline             map[string]string `json:"inline,omitempty"`   // documents by policy name, as given
	Attached           []string          `json:"attached,omitempty"` // managed policies' ARNs
	LastUsed           time.Time         `json:"-"`                  // not kept yet
	LastUsedRegion     string            `json:"-"`                  // not kept yet
}

// ManagedPolicy is a customer managed policy, without its documents.
type ManagedPolicy struct {
	Account                       string    `json:"-"`
	ARN                           string    `json:"-"`
	Name                          string    `json:"name"`
	Path                          string    `json:"path"`
	ID                            string    `json:"id"` // ANPA…
	Description                   string    `json:"description,omitempty"`
	Created                       time.Time `json:"created"`
	Updated                       time.Time `json:"updated"` // when a version was last added, removed or made the default
	DefaultVersionID              string    `json:"defaultVersion"`
	AttachmentCount               int       `json:"-"`
	PermissionsBoundaryUsageCount int       `json:"-"`
	Tags                          []Tag     `json:"tags,omitempty"`
}

// PolicyVersion is one version of a managed policy.
type PolicyVersion struct {
	VersionID string    `json:"id"`       // v1, v2, …: numbers are not used again
	Document  string    `json:"document"` // as given
	IsDefault bool      `json:"-"`
	Created   time.Time `json:"created"`
}

// OpenIDConnectProvider is a registered issuer.
type OpenIDConnectProvider struct {
	Account     string    `json:"-"`
	ARN         string    `json:"-"`
	Issuer      string    `json:"issuer"` // the exact issuer string, "https://…"
	URL         string    `json:"-"`      // the issuer without "https://", as GetOpenIDConnectProvider shows it
	ClientIDs   []string  `json:"clientIDs,omitempty"`
	Thumbprints []string  `json:"thumbprints,omitempty"` // lower-case SHA-1 in hex; kept for clients, not used
	Created     time.Time `json:"created"`
	Tags        []Tag     `json:"tags,omitempty"`
	JWKS        []byte    `json:"jwks,omitempty"` // inline keys; nil: fetched, or embedded
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
	Closed  time.Time // zero: open
}

// AccessKey is a long-term key of an account's root (users come later).
type AccessKey struct {
	ID, Secret string
	Account    string
	UserID     string // empty: the account's root
}
