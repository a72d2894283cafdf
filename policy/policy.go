// Package policy STUB: API agreed between packages. The owner replaces every body and comment.
package policy

// Position is a place in a document; Line and Column are 1-based, Column in bytes.
type Position struct{ Line, Column int }

// Error is a positioned complaint about a document. Error() is "LINE:COLUMN: message".
type Error struct {
	Position Position
	Message  string // our own precise words
	AWS      string // the sentence that IAM answers with MalformedPolicyDocument, e.g. "Syntax errors in policy."
}

func (e *Error) Error() string { return "" }

// Document is a parsed policy document, every element with its position.
type Document struct{}

// Parse reads one policy document (JSON). Errors are *Error.
func Parse(source []byte) (*Document, error) { return nil, nil }

// Size is the document's length without white space, as AWS counts it against its quotas.
func (d *Document) Size() int { return 0 }

// Kind tells which grammar a document must follow.
type Kind int

const (
	Identity Kind = iota // identity policies, permission boundaries, session policies: Resource, no Principal
	Trust                // role trust policies: Principal, no Resource
)

// Options for Compile.
type Options struct {
	Kind Kind
	// PrincipalIDs maps each user or role ARN that a trust policy names to the unique id it had when the policy
	// was saved (AIDA…, AROA…); such an ARN then matches by unique id only, and one that is absent here matches
	// nobody. Nil: principals are compared by ARN (irsa simulate).
	PrincipalIDs map[string]string
}

// Policy is a compiled, immutable document, safe for concurrent use.
type Policy struct{}

// Compile makes a document ready for decisions. name is what reasons call it.
func Compile(name string, document *Document, options Options) (*Policy, error) { return nil, nil }

// Name is the name given to Compile.
func (p *Policy) Name() string { return "" }

// Principals lists the user and role ARNs that a trust policy's Principal elements name, each with its position,
// for the directory to resolve to unique ids when it saves the document.
func (d *Document) Principals() []PrincipalName { return nil }

// PrincipalName is one principal ARN as written.
type PrincipalName struct {
	Value    string
	Position Position
}

// PrincipalType is the kind of caller, spelled as aws:PrincipalType where that key has a value for it.
type PrincipalType string

const (
	Root          PrincipalType = "Account"
	User          PrincipalType = "User"
	Role          PrincipalType = "Role" // a role ARN itself (simulate)
	AssumedRole   PrincipalType = "AssumedRole"
	FederatedUser PrincipalType = "FederatedUser"
	WebIdentity   PrincipalType = "WebIdentity" // an OIDC provider's ARN: the caller of AssumeRoleWithWebIdentity
	Service       PrincipalType = "Service"
	Anonymous     PrincipalType = "Anonymous"
)

// Principal is who calls. The zero value is nobody and matches nothing.
type Principal struct {
	Type    PrincipalType
	ARN     string // arn:aws:sts::A:assumed-role/r/s for a session, the provider's ARN for a web identity, …
	Account string
	RoleARN string // a session's role, with its path; aws:PrincipalArn
	ID      string // unique id: AIDA…, or the role's AROA… (without :session)
	Session string // session name, if any; aws:userid is ID:Session
}

// ParsePrincipal reads what simulate's "principal" may be.
func ParsePrincipal(text string) (Principal, error) { return Principal{}, nil }

// Context holds a request's condition keys. Names are compared without case. The zero value is empty and ready.
type Context struct{}

// Set gives key one single value, replacing what it had.
func (c *Context) Set(key, value string) {}

// SetList makes key multivalued, whatever the number of values.
func (c *Context) SetList(key string, values ...string) {}

// Get returns key's values.
func (c *Context) Get(key string) (values []string, ok bool) { return nil, false }

// Clone returns an independent copy.
func (c *Context) Clone() *Context { return nil }

// Request is one question to the engine. Keys that AWS derives from the principal (aws:PrincipalArn,
// aws:PrincipalAccount, aws:userid, aws:username, aws:PrincipalType, …) are derived unless Context has them.
type Request struct {
	Principal Principal
	Action    string
	Resource  string // an ARN, or "*" when WildcardOnly
	// WildcardOnly: the action has no resource-level permissions; only a literal "*" matches.
	WildcardOnly bool
	Context      *Context // may be nil
}

// Policies are all the policies that apply to a request. Nil means that the kind does not apply; an empty but
// non-nil Boundary or Session allows nothing.
type Policies struct {
	Identity []*Policy
	Boundary []*Policy // one union
	Session  []*Policy // one union
	Trust    *Policy   // the role's trust policy, for sts:AssumeRole*, sts:TagSession, sts:SetSourceIdentity
}

// Decide evaluates request under p.
func (p Policies) Decide(request *Request) Decision { return Decision{} }

// Effect of a decision. The zero value denies.
type Effect int

const (
	ImplicitlyDenied Effect = iota
	ExplicitlyDenied
	Allowed
)

// String is Allowed, ExplicitlyDenied or ImplicitlyDenied.
func (e Effect) String() string { return "" }

// Decision is the value described by design decision 1. It marshals to and from simulate's result JSON
// ("decision", "reasons"), without "id".
type Decision struct{ Effect Effect }

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Effect == Allowed }

// Reasons are the deciding statements and, on an implicit denial, each layer that did not allow with its nearest statement.
func (d Decision) Reasons() []Reason { return nil }

// Because is the tail of AWS's access-denied sentence: "because no identity-based policy allows the s3:PutObject
// action", "with an explicit deny in an identity-based policy", "because no permissions boundary allows the … action", ….
func (d Decision) Because(action string) string { return "" }

// Reason is one statement's part in a decision.
type Reason struct {
	Layer     string   `json:"layer,omitempty"` // identity, boundary, session, trust
	Policy    string   `json:"policy"`
	Statement int      `json:"statement"` // index; -1 when the layer has no statement to name
	SID       string   `json:"sid"`
	Effect    string   `json:"effect,omitempty"` // Allow or Deny
	Line      int      `json:"line,omitempty"`
	Column    int      `json:"column,omitempty"`
	Failed    string   `json:"failed,omitempty"` // Action, Resource, Principal, Condition
	Operator  string   `json:"operator,omitempty"`
	Key       string   `json:"key,omitempty"`
	Wanted    []string `json:"wanted,omitempty"`
	Got       []string `json:"got,omitempty"`
}

// MatchGlob reports whether text matches pattern, in which * is any run of characters and ? is one. Linear time.
func MatchGlob(pattern, text string) bool { return false }
