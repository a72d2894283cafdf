package iam

import "time"

// What the directory returns comes out of a snapshot: its slices and maps are shared and must not be changed. JSON tags are the stored form;
// what the key or the account implies is not stored.

// Tag is a key and a value, kept as they were given.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Identity is what roles, users and groups have in common (IAM User Guide, "IAM identities").
type Identity struct {
	Account     string            `json:"-"`
	ARN         string            `json:"-"`
	Name        string            `json:"name"`
	Path        string            `json:"path"` // begins and ends with "/"
	ID          string            `json:"id"`   // AROA…, AIDA… or AGPA…: never used again, so that what is recreated is another one
	Created     time.Time         `json:"created"`
	BoundaryARN string            `json:"boundary,omitempty"` // a managed policy's ARN; "": none. Groups have none.
	Tags        []Tag             `json:"tags,omitempty"`     // groups have none
	Inline      map[string]string `json:"inline,omitempty"`   // documents by policy name, as given
	Attached    []string          `json:"attached,omitempty"` // managed policies' ARNs
}

// Role is an IAM role.
type Role struct {
	Identity
	Description        string        `json:"description,omitempty"`
	TrustPolicy        string        `json:"trustPolicy"`             // as given; GetRole and ListRoles show the unique ids of principals that are gone
	MaxSessionDuration time.Duration `json:"maxSessionDuration"`      // 1 h to 12 h
	ServiceLinked      string        `json:"serviceLinked,omitempty"` // the service principal that the role is linked to; "": none
	LastUsed           LastUse       `json:"-"`
}

// User is an IAM user.
type User struct {
	Identity
	GroupIDs []string `json:"groups,omitempty"` // unique ids of the groups that the user is in
}

// Group is an IAM user group.
type Group struct{ Identity }

// LastUse is when and where something was last used; Time is zero where it never was.
type LastUse struct {
	Time    time.Time `json:"time,omitzero"`
	Service string    `json:"service,omitempty"` // as in a credential scope
	Region  string    `json:"region,omitempty"`
}

// InstanceProfile holds a role for EC2 instances.
type InstanceProfile struct {
	Account string    `json:"-"`
	ARN     string    `json:"-"`
	Name    string    `json:"name"`
	Path    string    `json:"path"`
	ID      string    `json:"id"` // AIPA…
	Created time.Time `json:"created"`
	RoleID  string    `json:"role,omitempty"` // the unique id of its role; "": none
	Tags    []Tag     `json:"tags,omitempty"`
	Roles   []Role    `json:"-"` // none or one, as requests see it
}

// ManagedPolicy is a managed policy, of the account or of AWS, without its documents.
type ManagedPolicy struct {
	Account                       string    `json:"-"` // "aws": one of AWS's
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

// InlinePolicy is an inline policy of a role, user or group.
type InlinePolicy struct {
	IdentityName
	PolicyName     string
	PolicyDocument string // as given
}

// AttachedPolicy is a managed policy as the ListAttached… calls name it.
type AttachedPolicy struct{ PolicyName, PolicyARN string }

// PolicyEntity is a role, user or group that ListEntitiesForPolicy names.
type PolicyEntity struct {
	Kind     IdentityKind
	Name, ID string
}

// AccountSummary is an account as ListAccounts shows it.
type AccountSummary struct {
	ID      string
	Created time.Time
	Closed  time.Time // zero: open
}

// AccessKey is a long-term key of a user or of an account's root.
type AccessKey struct {
	ID, Secret string
	Account    string
	UserID     string // unique id; empty: the account's root
	UserName   string // as requests see it; not kept
	Inactive   bool
	Created    time.Time
}
