package sts

import (
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// heldSession is an opened session with what need not be made anew for each of its requests. Requests share it.
type heldSession struct {
	*sealed
	inline     *policy.Policy    // the session policy that was passed in line; nil: none
	tags       map[string]string // of the session; nil: none
	transitive []string          // keys of those that go along when the session assumes a further role
	context    atomic.Pointer[sessionContext]
}

// sessionContext are the condition keys that all requests of a session have, for as long as its role or user is what it was when they were made.
type sessionContext struct {
	identity *iam.Identity
	keys     *policy.Context
}

// sessionContext is what the session's requests have in common. Every change of a role or user makes another identity, so that one that is the same to the
// address has the same tags.
func (s *Service) sessionContext(held *heldSession, identity *iam.Identity) *policy.Context {
	kept := held.context.Load()
	if kept == nil || kept.identity != identity {
		kept = &sessionContext{identity, s.newSessionContext(&held.record, identity)}
		held.context.Store(kept)
	}
	return kept.keys
}

func (s *Service) newSessionContext(record *session, identity *iam.Identity) *policy.Context {
	var own []iam.Tag
	if identity != nil {
		own = identity.Tags
	}
	c := authenticatedContext(own, record.Tags)
	c.Set("aws:TokenIssueTime", time.Unix(record.Issued, 0).UTC().Format(time.RFC3339))
	// The plane knows no MFA devices. Federation says nothing about MFA: there the key is absent.
	if record.Kind == ownSession || record.Kind == roleSession && record.Issuer == "" {
		c.Set("aws:MultiFactorAuthPresent", "false")
	}
	setUnlessEmpty(c, "aws:SourceIdentity", record.SourceIdentity)
	if record.Issuer != "" {
		setFederation(c, webIdentity{
			issuer:   record.Issuer,
			provider: s.providerARN(record.Account, record.Issuer),
			subject:  record.Subject,
			audience: record.Audience,
			amr:      record.AMR,
		})
	}
	return c
}

// authenticatedContext makes the condition keys that follow from who is authenticated, whatever they ask for: aws:PrincipalTag/… of the role's or user's
// tags and of the session's, which override them. No service of AWS calls through this plane on anyone's behalf.
func authenticatedContext(own []iam.Tag, ofSession []sessionTag) *policy.Context {
	c := (*policy.Context)(nil).Extend(8 + len(own) + len(ofSession))
	c.Set("aws:PrincipalIsAWSService", "false")
	c.Set("aws:ViaAWSService", "false")
	for _, tag := range own {
		c.Set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	for _, tag := range ofSession {
		c.Set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	return c
}

// policies are the session policies as one union: nil when none were passed, and empty when one that was passed is gone, which allows nothing.
func (h *heldSession) policies(account *iam.Account) []*policy.Policy {
	if h.inline == nil && len(h.record.PolicyARNs) == 0 {
		return nil
	}
	union := make([]*policy.Policy, 0, 1+len(h.record.PolicyARNs))
	if h.inline != nil {
		union = append(union, h.inline)
	}
	for _, arn := range h.record.PolicyARNs {
		if managed, err := account.ManagedPolicy(arn); err == nil {
			union = append(union, managed)
		}
	}
	return union
}

// openSession opens a token, or finds it among those opened lately. What it returns may have expired, and its role may be gone.
func (s *Service) openSession(token string) (*heldSession, error) {
	if len(token) > MaxSessionToken {
		return nil, errTokenMalformed
	}
	var bytes [MaxSessionToken]byte // a conversion would allocate as many
	hash := sha256.Sum256(bytes[:copy(bytes[:], token)])
	if held, ok := s.opened.get(hash); ok {
		return held, nil
	}
	opened, err := s.ring.open(token)
	if err != nil {
		return nil, err
	}
	held := &heldSession{sealed: opened}
	for _, tag := range opened.record.Tags {
		if held.tags == nil {
			held.tags = make(map[string]string, len(opened.record.Tags))
		}
		held.tags[tag.Key] = tag.Value
		if tag.Transitive {
			held.transitive = append(held.transitive, tag.Key)
		}
	}
	if opened.record.Policy != "" {
		if held.inline, err = compileSessionPolicy(opened.record.Policy); err != nil {
			return nil, fmt.Errorf("compiling the session policy: %w", err)
		}
	}
	s.opened.put(hash, held)
	return held, nil
}
