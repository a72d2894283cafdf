// Package sts exchanges an identity for a session and recognises the sessions that it made.
//
// It owns AWS's Security Token Service without its wire format: AssumeRoleWithWebIdentity, AssumeRole, GetSessionToken, GetFederationToken,
// GetCallerIdentity, GetAccessKeyInfo and DecodeAuthorizationMessage; the sealed session tokens and authorization messages and the key ring
// that seals them; and Authenticate, by which every door learns who signed a request. It does not
// verify web identity tokens (package oidc), keep roles (iam), decide policies (policy) or check signatures (sigv4): it joins them, in the
// order that tells an unauthenticated caller nothing, and leaves one event in the trail for each exchange.
package sts

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

// Trail is what this package asks of the trail.
type Trail interface {
	// Record writes an event before it returns; when it fails, what the event tells of must not happen.
	Record(ctx context.Context, e trail.Event) error
	// Enqueue hands over the event of a read.
	Enqueue(e trail.Event)
	// Refuse hands over a failure from before the caller was known; floods of them are aggregated.
	Refuse(e trail.Event)
}

// Config of a Service. Directory, Verifier, Ring and Trail are required.
type Config struct {
	Directory *iam.Directory
	Verifier  *oidc.Verifier
	Ring      *Ring
	Trail     Trail
	Now       func() time.Time // nil: time.Now
	Rand      io.Reader        // safe for concurrent use; nil: crypto/rand
	Regions   []string         // the regions in which the service is active; empty: every region
	Partition string           // an ID of AWS's; empty: "aws"
	// ReviewWait is how long an exchange waits for the word of a cluster that reviews its tokens; 0: four seconds.
	ReviewWait time.Duration
	Ending     <-chan struct{} // closed when the process is about to end: polls for token reviews end too; nil: never
}

// Service answers STS's calls and authenticates requests. It is safe for concurrent use.
type Service struct {
	directory  *iam.Directory
	verifier   *oidc.Verifier
	ring       *Ring
	trail      Trail
	now        func() time.Time
	rand       io.Reader
	regions    []string
	partition  policy.Partition
	opened     sessionCache
	signatures sigv4.Verifier
	messages   *messages
	reviews    reviews
	reviewWait time.Duration
	ending     <-chan struct{}
	latest     atomic.Pointer[second]
	region     atomic.Pointer[string] // the last one that no configuration names and that was accepted: most requests are from the same
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Directory == nil || c.Verifier == nil || c.Ring == nil || c.Trail == nil {
		return nil, errors.New("making the security token service: Directory, Verifier, Ring and Trail are required")
	}
	s := &Service{
		directory: c.Directory,
		verifier:  c.Verifier,
		ring:      c.Ring,
		trail:     c.Trail,
		now:       c.Now,
		rand:      c.Rand,
		regions:   c.Regions,

		reviewWait: cmp.Or(c.ReviewWait, reviewWait),
		ending:     c.Ending,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	if c.Partition == "" {
		c.Partition = "aws"
	}
	var known bool
	if s.partition, known = policy.PartitionByID(c.Partition); !known {
		return nil, fmt.Errorf("making the security token service: there is no partition %q", c.Partition)
	}
	s.messages = &messages{ring: s.ring, rand: s.rand}
	return s, nil
}

// WebIdentityInput holds AssumeRoleWithWebIdentity's parameters under AWS's names; nil is a parameter that was not sent, which AWS tells apart from an
// empty one. Doors pass on what came, unchecked.
type WebIdentityInput struct {
	RoleArn, RoleSessionName, WebIdentityToken *string
	ProviderId                                 *string  // only for OAuth 2.0 access tokens, which are refused
	PolicyArns                                 []string // managed policies of the role's account, as session policies
	Policy                                     *string  // one more session policy, in line
	DurationSeconds                            *int     // nil: 3600
	MinimumSessionTokenSize                    *int     // bytes of the session token, which is filled up; nil: as long as it is
}

// AssumeRoleInput holds AssumeRole's parameters under AWS's names; nil is a parameter that was not sent.
type AssumeRoleInput struct {
	RoleArn, RoleSessionName *string
	PolicyArns               []string // managed policies of the role's account, as session policies
	Policy                   *string  // one more session policy, in line
	DurationSeconds          *int     // nil: 3600
	Tags                     []iam.Tag
	TransitiveTagKeys        []string // keys of Tags, in any case, that go along when the session assumes a further role
	ExternalId               *string  // what the role's owner agreed on with a third party: sts:ExternalId
	SerialNumber, TokenCode  *string  // MFA, which is refused: the plane knows no MFA devices
	SourceIdentity           *string  // nil: that of the caller's session, if it has one
	MinimumSessionTokenSize  *int     // bytes of the session token, which is filled up; nil: as long as it is
}

// Credentials are a session's, for SDKs.
type Credentials struct {
	AccessKeyId, SecretAccessKey, SessionToken string
	Expiration                                 time.Time // UTC, whole seconds
}

// AssumedRoleUser names a session.
type AssumedRoleUser struct {
	Arn           string // arn:<partition>:sts::<account>:assumed-role/<role name>/<session name>
	AssumedRoleId string // <role's unique id>:<session name>
}

// WebIdentityOutput answers AssumeRoleWithWebIdentity.
type WebIdentityOutput struct {
	Credentials                 Credentials
	AssumedRoleUser             AssumedRoleUser
	SubjectFromWebIdentityToken string
	Audience                    string // the client id that the token was issued to: azp where there is one, else aud
	Provider                    string // the provider's ARN
	SourceIdentity              string // empty: none
	PackedPolicySize            *int   // percent; nil when neither policies nor tags were passed
}

// AssumeRoleOutput answers AssumeRole.
type AssumeRoleOutput struct {
	Credentials      Credentials
	AssumedRoleUser  AssumedRoleUser
	SourceIdentity   string // empty: none
	PackedPolicySize *int   // percent; nil when neither policies nor tags were passed
}

// SessionTokenInput holds GetSessionToken's parameters under AWS's names; nil is a parameter that was not sent.
type SessionTokenInput struct {
	DurationSeconds         *int    // nil: 43200; of an account's root at most 3600, whatever is asked for
	SerialNumber, TokenCode *string // MFA, which is refused: the plane knows no MFA devices
	MinimumSessionTokenSize *int    // bytes of the session token, which is filled up; nil: as long as it is
}

// FederationTokenInput holds GetFederationToken's parameters under AWS's names; nil is a parameter that was not sent.
type FederationTokenInput struct {
	Name                    *string
	PolicyArns              []string // managed policies of the caller's account, as session policies
	Policy                  *string  // one more session policy, in line
	DurationSeconds         *int     // nil: 43200; of an account's root at most 3600, whatever is asked for
	Tags                    []iam.Tag
	MinimumSessionTokenSize *int // bytes of the session token, which is filled up; nil: as long as it is
}

// FederatedUser names a federated user's session.
type FederatedUser struct {
	Arn             string // arn:<partition>:sts::<account>:federated-user/<name>
	FederatedUserId string // <account>:<name>
}

// FederationTokenOutput answers GetFederationToken.
type FederationTokenOutput struct {
	Credentials      Credentials
	FederatedUser    FederatedUser
	PackedPolicySize *int // percent; nil when neither policies nor tags were passed
}

// CallerIdentity answers GetCallerIdentity.
type CallerIdentity struct {
	UserId  string // of a role session, <role's unique id>:<session name>; of a federated user, <account>:<name>; of an account's root, the account
	Account string
	Arn     string
}

// Why a request was not authenticated, found with errors.Is under the *iam.Error that Authenticate returns. Their codes are those of STS
// and IAM; a door whose protocol has other codes for the same cases (S3: InvalidAccessKeyId, InvalidToken, ExpiredToken) tells them apart by these.
var (
	ErrUnknownAccessKey    = errors.New("unknown access key id")           // InvalidClientTokenId
	ErrInvalidSessionToken = errors.New("session token is not valid")      // InvalidClientTokenId
	ErrExpiredSessionToken = errors.New("session token has expired")       // ExpiredToken
	ErrRegionNotActive     = errors.New("service is not active in region") // SignatureDoesNotMatch, or RegionDisabledException of an exchange
)
