package sts

import (
	"fmt"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// holder is who a session stands for, and with which permissions.
type holder struct {
	principal policy.Principal
	policies  policy.Policies
	identity  *iam.Identity // the role's or user's, another one after each change of it; nil: an account's root
}

// holder looks up whose session it is. Errors are *iam.Error; ErrInvalidSessionToken when the role or user is gone.
func (s *Service) holder(account *iam.Account, held *heldSession) (holder, error) {
	record := &held.record
	switch record.Kind {
	case roleSession:
		return s.roleHolder(account, held)
	case ownSession:
		return s.ownHolder(account, record)
	case federatedSession:
		who, err := s.ownHolder(account, record)
		if err != nil {
			return holder{}, err
		}
		// What the federated user may do is what both the user that named it and the session policies allow; without any session
		// policy, that is nothing.
		if who.policies.Session = held.policies(account); who.policies.Session == nil {
			who.policies.Session = []*policy.Policy{}
		}
		who.principal = policy.Principal{
			Type: policy.FederatedUser, ARN: s.federatedARN(record.Account, record.Name),
			Account: record.Account, ID: record.Account, Session: record.Name,
		}
		return who, nil
	}
	return holder{}, gone("its kind %d is not known", record.Kind)
}

func (s *Service) roleHolder(account *iam.Account, held *heldSession) (holder, error) {
	role, ok := account.RoleByID(held.record.PrincipalID)
	if !ok {
		return holder{}, gone("its role %s is gone", held.record.PrincipalID)
	}
	policies, err := account.Policies(role)
	if err != nil {
		return holder{}, internal("compiling the role's policies", err)
	}
	policies.Session = held.policies(account)
	return holder{
		principal: policy.Principal{
			Type:    policy.AssumedRole,
			ARN:     s.sessionARN(role, held.record.Name),
			Account: role.Account,
			RoleARN: role.ARN,
			ID:      role.ID,
			Session: held.record.Name,
		},
		policies: policies,
		identity: &role.Identity,
	}, nil
}

// ownHolder is the user or the root that asked for the session.
func (s *Service) ownHolder(account *iam.Account, record *session) (holder, error) {
	if record.PrincipalID == "" {
		root := iam.Root(s.partition.ID, record.Account)
		return holder{principal: root.Principal, policies: root.Policies}, nil
	}
	user, ok := account.UserByID(record.PrincipalID)
	if !ok {
		return holder{}, gone("its user %s is gone", record.PrincipalID)
	}
	return userHolder(account, user)
}

// userHolder is a user as it is now.
func userHolder(account *iam.Account, user *iam.User) (holder, error) {
	policies, err := account.UserPolicies(user)
	if err != nil {
		return holder{}, internal("compiling the user's policies", err)
	}
	return holder{
		principal: policy.Principal{Type: policy.User, ARN: user.ARN, Account: user.Account, ID: user.ID},
		policies:  policies,
		identity:  &user.Identity,
	}, nil
}

func gone(format string, arguments ...any) *iam.Error {
	return refusal("InvalidClientTokenId", tokenInvalid, fmt.Errorf("%w: "+format, append([]any{ErrInvalidSessionToken}, arguments...)...))
}

// federatedARN names a federated user, who exists through sessions only.
func (s *Service) federatedARN(account, name string) string {
	return "arn:" + s.partition.ID + ":sts::" + account + ":federated-user/" + name
}

// isTemporary tells whether the caller signs with a session's credentials.
func isTemporary(caller iam.Caller) bool { return !caller.Expires.IsZero() }

// needsLongTermKey refuses sessions, in AWS's words, the calls that only long-term access keys can make.
func needsLongTermKey(caller iam.Caller, name string) error {
	if isTemporary(caller) {
		return sessionRefused(name)
	}
	return nil
}

// refuseOwnSession refuses what sessions from GetSessionToken and GetFederationToken may not call: of STS only GetCallerIdentity, and the former
// AssumeRole (IAM User Guide, "Compare AWS STS credentials").
func refuseOwnSession(caller iam.Caller, name string) error {
	if isTemporary(caller) && caller.Principal.Type != policy.AssumedRole {
		return sessionRefused(name)
	}
	return nil
}

func sessionRefused(name string) *iam.Error {
	return refusal("AccessDenied", "Cannot call "+name+" with session credentials", nil)
}
