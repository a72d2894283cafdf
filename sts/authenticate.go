package sts

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/sigv4"
	"github.com/openirsa/openirsa/trail"
)

const (
	tokenInvalid = "The security token included in the request is invalid."
	tokenExpired = "The security token included in the request is expired"

	// AWS's sentence ends with a space.
	scopedElsewhere = "Credential should be scoped to a valid region. "
)

// Authenticate finds who signed request, in a header or in a presigned URL, and what they may do. The answer holds for this request only: its
// Context has the request's condition keys.
//
// Errors are *iam.Error and go to the trail. Where the signature is at fault they have sigv4's code and sentence, and Err is the *sigv4.Error
// or sigv4.ErrUnsigned; else errors.Is finds one of this package's errors.
func (s *Service) Authenticate(ctx context.Context, request *sigv4.Request, origin trail.Origin) (iam.Caller, error) {
	authorization, err := sigv4.Parse(request)
	if err != nil {
		err = refuseSignature(err)
		s.recordRefusal(origin, "", err)
		return iam.Caller{}, err
	}
	caller, _, err := s.AuthenticateParsed(ctx, request, authorization, origin)
	return caller, err
}

// AuthenticateParsed is Authenticate for a request of which sigv4.Parse returned authorization. The key is the one that the request is signed
// with, and that S3's bodies in chunks are signed with as well; it is of no use outside of the signature's scope.
func (s *Service) AuthenticateParsed(ctx context.Context, request *sigv4.Request, authorization *sigv4.Authorization,
	origin trail.Origin) (iam.Caller, sigv4.Key, error) {
	var key sigv4.Key
	caller, err := s.authenticate(ctx, authorization, origin, func(secretAccessKey string, now time.Time) (err error) {
		key, err = s.signatures.Verify(request, authorization, secretAccessKey, now)
		return err
	})
	if err != nil {
		s.recordRefusal(origin, authorization.AccessKeyID, err)
		return iam.Caller{}, sigv4.Key{}, err
	}
	return caller, key, nil
}

// AuthenticatePost is Authenticate for a form by which a browser uploads to S3. Whether the upload is what the form's policy allows is for Check.
func (s *Service) AuthenticatePost(ctx context.Context, post *sigv4.Post, origin trail.Origin) (iam.Caller, error) {
	caller, err := s.authenticate(ctx, &post.Authorization, origin, func(secretAccessKey string, now time.Time) error {
		return s.signatures.VerifyPost(post, secretAccessKey, now)
	})
	if err != nil {
		s.recordRefusal(origin, post.AccessKeyID, err)
		return iam.Caller{}, err
	}
	return caller, nil
}

// recordRefusal leaves the event of someone who is not who the request says.
func (s *Service) recordRefusal(origin trail.Origin, accessKeyID string, err error) {
	e := event(origin, "Authenticate")
	e.UserIdentity = trail.Identity{Type: "Unknown", AccessKeyID: shorten(accessKeyID)}
	describe(&e, err)
	s.trail.Refuse(e)
}

// proof verifies a signature with the secret of whoever is said to have made it.
type proof func(secretAccessKey string, now time.Time) error

func (s *Service) authenticate(ctx context.Context, a *sigv4.Authorization, origin trail.Origin, verify proof) (iam.Caller, error) {
	if !s.activeIn(a.Scope.Region) {
		return iam.Caller{}, refusal("SignatureDoesNotMatch", scopedElsewhere, fmt.Errorf("%w %q", ErrRegionNotActive, shorten(a.Scope.Region)))
	}
	// Any other region is accepted unless configured; the one that was signed is aws:RequestedRegion.
	origin.Region = a.Scope.Region
	now := s.now()
	if strings.HasPrefix(a.AccessKeyID, sessionPrefix) {
		return s.authenticateSession(ctx, a, origin, now, verify)
	}
	key, found, err := s.directory.AccessKey(ctx, a.AccessKeyID)
	if err != nil {
		return iam.Caller{}, internal("looking an access key up", err)
	}
	if !found || key.Inactive {
		return iam.Caller{}, refusal("InvalidClientTokenId", tokenInvalid, ErrUnknownAccessKey)
	}
	// A session token beside a long-term key is nothing that the plane gave out.
	if a.SessionToken != "" {
		return iam.Caller{}, refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: a long-term access key has none", ErrInvalidSessionToken))
	}
	if err := verify(key.Secret, now); err != nil {
		return iam.Caller{}, refuseSignature(err)
	}
	caller, tags, err := s.keyCaller(ctx, key)
	if err != nil {
		return iam.Caller{}, err
	}
	caller.AccessKeyID, caller.Origin = a.AccessKeyID, origin
	caller.Context = s.requestContext(authenticatedContext(tags, nil), origin, now)
	caller.Encoder = s.messages
	s.directory.Used(key.ID, a.Scope.Service, origin.Region, now)
	return caller, nil
}

// Anonymous is the caller of a request that is not signed, with the condition keys that such a request has. Whether a service takes any is for its door
// to know.
func (s *Service) Anonymous(origin trail.Origin) iam.Caller {
	caller := iam.Anonymous(origin)
	caller.Context = s.requestContext(nil, origin, s.now())
	// Only signed requests have aws:PrincipalIsAWSService; this one all have (IAM User Guide, "AWS global condition context keys").
	caller.Context.Set("aws:ViaAWSService", "false")
	return caller
}

// keyCaller is whose long-term key it is: the account's root, or a user as it is now.
func (s *Service) keyCaller(ctx context.Context, key iam.AccessKey) (caller iam.Caller, tags []iam.Tag, err error) {
	if key.UserID == "" {
		return iam.Root(s.partition.ID, key.Account), nil, nil
	}
	account, err := s.directory.Account(ctx, key.Account)
	if err != nil {
		return iam.Caller{}, nil, internal("reading the key's account", err)
	}
	user, ok := account.UserByID(key.UserID)
	if !ok {
		return iam.Caller{}, nil, refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: its user %s is gone", ErrUnknownAccessKey, key.UserID))
	}
	who, err := userHolder(account, user)
	if err != nil {
		return iam.Caller{}, nil, err
	}
	return iam.Caller{Principal: who.principal, Policies: who.policies}, who.identity.Tags, nil
}

// authenticateSession tells nothing about the session's role until the signature has proved that the session is the caller's.
func (s *Service) authenticateSession(ctx context.Context, a *sigv4.Authorization, origin trail.Origin, now time.Time, verify proof) (iam.Caller, error) {
	if a.SessionToken == "" { // without its token, nobody has such a key
		return iam.Caller{}, refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: a session's key without its token", ErrUnknownAccessKey))
	}
	held, err := s.openSession(a.SessionToken)
	if err != nil {
		return iam.Caller{}, refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: %w", ErrInvalidSessionToken, err))
	}
	if subtle.ConstantTimeCompare([]byte(held.accessKeyID), []byte(a.AccessKeyID)) != 1 {
		return iam.Caller{}, refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: it belongs to another access key id", ErrInvalidSessionToken))
	}
	// Before the signature: an SDK that hears of an expired token fetches new credentials, one that hears of a signature gives up.
	if held.record.expired(now) {
		return iam.Caller{}, refusal("ExpiredToken", tokenExpired, fmt.Errorf("%w: at %s", ErrExpiredSessionToken, time.Unix(held.record.Expires, 0).UTC().Format(time.RFC3339)))
	}
	if err := verify(held.secretAccessKey, now); err != nil {
		return iam.Caller{}, refuseSignature(err)
	}
	// IAM does not know these sessions: they would need MFA, which the plane has not.
	if a.Scope.Service == "iam" && held.record.Kind != roleSession {
		return iam.Caller{}, refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: sessions from GetSessionToken and GetFederationToken cannot call IAM", ErrInvalidSessionToken))
	}
	account, err := s.directory.Account(ctx, held.record.Account)
	if isNoSuchEntity(err) {
		return iam.Caller{}, refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: its account %s is gone", ErrInvalidSessionToken, held.record.Account))
	}
	if err != nil {
		return iam.Caller{}, internal("reading the session's account", err)
	}
	if held.record.Kind == roleSession {
		s.directory.Used(held.record.PrincipalID, a.Scope.Service, origin.Region, now)
	}
	return s.sessionCaller(account, held, origin, now)
}

// sessionCaller is who a session's request comes from, with its role or user as it is now.
func (s *Service) sessionCaller(account *iam.Account, held *heldSession, origin trail.Origin, now time.Time) (iam.Caller, error) {
	record := &held.record
	who, err := s.holder(account, held)
	if err != nil {
		return iam.Caller{}, err
	}
	return iam.Caller{
		Principal:      who.principal,
		AccessKeyID:    held.accessKeyID,
		Policies:       who.policies,
		Context:        s.requestContext(s.sessionContext(held, who.identity), origin, now),
		Origin:         origin,
		Issued:         time.Unix(record.Issued, 0).UTC(),
		Expires:        time.Unix(record.Expires, 0).UTC(),
		SessionTags:    held.tags,
		TransitiveTags: held.transitive,
		SourceIdentity: record.SourceIdentity,
		ChainDepth:     record.ChainDepth,
		Encoder:        s.messages,
	}, nil
}

// providerARN names the provider of an issuer, as IAM does.
func (s *Service) providerARN(account, issuer string) string {
	return "arn:" + s.partition.ID + ":iam::" + account + ":oidc-provider/" + strings.TrimPrefix(issuer, "https://")
}

// activeIn tells whether the service answers in region. A region of another partition is none of its own; a name that no partition uses, such as
// those that clients of S3 servers invent, is accepted like any of its own.
func (s *Service) activeIn(region string) bool {
	if len(s.regions) > 0 {
		return slices.Contains(s.regions, region)
	}
	if last := s.region.Load(); last != nil && *last == region {
		return true
	}
	if _, foreign := policy.PartitionOfRegion(region); foreign && !s.partition.HasRegion(region) {
		return false
	}
	accepted := strings.Clone(region)
	s.region.Store(&accepted)
	return true
}

func refuseSignature(err error) *iam.Error {
	var e *sigv4.Error
	if !errors.As(err, &e) {
		return internal("verifying a signature", err)
	}
	return refusal(e.Code, e.Message, err)
}
