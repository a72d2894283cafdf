package sts

import (
	"errors"
	"fmt"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/policy"
)

// issued is a session as its holder gets it.
type issued struct {
	credentials Credentials
	user        AssumedRoleUser // of a role session
	packed      *int
}

// sessionDuration is what was asked for, if the role allows it. AWS tells this only to those whom the trust policy allows.
func sessionDuration(requested *int, role *iam.Role) (time.Duration, error) {
	duration := defaultDuration * time.Second
	if requested != nil {
		duration = time.Duration(*requested) * time.Second
	}
	if duration > role.MaxSessionDuration {
		return 0, refusal("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
			fmt.Errorf("%s was requested, %s allows %s", duration, role.ARN, role.MaxSessionDuration))
	}
	return duration, nil
}

// issueRole makes the session of role that record describes. The caller has decided; record lacks only the role, the times and whatever the role knows.
func (s *Service) issueRole(account *iam.Account, role *iam.Role, record session, duration time.Duration, minimum *int) (issued, error) {
	// The role's unique id, not its ARN: a role that is recreated under the name is another one.
	record.Kind, record.Account, record.PrincipalID = roleSession, role.Account, role.ID
	made, err := s.issue(account, record, duration, minimum)
	if err != nil {
		return issued{}, err
	}
	made.user = AssumedRoleUser{Arn: s.sessionARN(role, record.Name), AssumedRoleId: role.ID + ":" + record.Name}
	return made, nil
}

// issue makes the session that record describes but for its times, in a token of at least minimum bytes where that is not nil. The caller has decided.
func (s *Service) issue(account *iam.Account, record session, duration time.Duration, minimum *int) (issued, error) {
	if err := s.checkSessionPolicies(account, record); err != nil {
		return issued{}, err
	}
	now := s.now()
	record.Issued, record.Expires = now.Unix(), now.Add(duration).Unix()
	packed, err := checkPacked(record)
	if err != nil {
		return issued{}, err
	}
	made, err := s.ring.seal(record, valueOf(minimum), s.rand)
	if err != nil {
		return issued{}, refuseSize(err)
	}
	return issued{
		credentials: Credentials{
			AccessKeyId:     made.accessKeyID,
			SecretAccessKey: made.secretAccessKey,
			SessionToken:    made.token,
			Expiration:      time.Unix(record.Expires, 0).UTC(),
		},
		packed: packed,
	}, nil
}

// sessionARN has the role's name without its path, as AWS's.
func (s *Service) sessionARN(role *iam.Role, name string) string {
	return "arn:" + s.partition.ID + ":sts::" + role.Account + ":assumed-role/" + role.Name + "/" + name
}

// checkPacked tells how much of the token session policies and tags take; nil when there are none.
func checkPacked(record session) (*int, error) {
	withPolicies := record.Policy != "" || len(record.PolicyARNs) > 0
	if !withPolicies && len(record.Tags) == 0 {
		return nil, nil
	}
	percent, err := packedSize(record)
	switch {
	case err != nil:
		return nil, refuseSize(err)
	case percent <= 100:
		return &percent, nil
	case withPolicies:
		return nil, refusal("PackedPolicyTooLarge", fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent), nil)
	default:
		return nil, refusal("PackedPolicyTooLarge", fmt.Sprintf("Packed size of session tags consumes %d%% of allotted space.", percent), nil)
	}
}

// refuseSize is for what does not fit even without policies and tags: a subject of kilobytes.
func refuseSize(err error) *iam.Error {
	if errors.Is(err, errTokenTooLarge) {
		return refusal("PackedPolicyTooLarge", "Serialized token too large for session", err)
	}
	return internal("sealing a session", err)
}

// checkSessionPolicies makes sure, before the session exists, that every session policy can be decided by.
func (s *Service) checkSessionPolicies(account *iam.Account, record session) error {
	if err := checkSessionPolicy(record.Policy); err != nil {
		return err
	}
	for _, arn := range record.PolicyARNs {
		if _, err := account.ManagedPolicy(arn); err != nil {
			return refusal("MalformedPolicyDocument", fmt.Sprintf("Policy %s does not exist or is not attachable.", arn), fmt.Errorf("session policy %s: %w", arn, err))
		}
	}
	return nil
}

// checkSessionPolicy makes sure that an inline session policy, "" for none, is one.
func checkSessionPolicy(text string) error {
	if text == "" {
		return nil
	}
	_, err := compileSessionPolicy(text)
	if err == nil {
		return nil
	}
	message := "Syntax errors in policy."
	if positioned, ok := errors.AsType[*policy.Error](err); ok && positioned.AWS != "" {
		message = positioned.AWS
	}
	return refusal("MalformedPolicyDocument", message, fmt.Errorf("session policy: %w", err))
}

func compileSessionPolicy(text string) (*policy.Policy, error) {
	document, err := policy.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return policy.Compile("session policy", document, policy.Options{Kind: policy.Identity})
}

// internal is a failure of ours: the caller learns nothing but that.
func internal(doing string, err error) *iam.Error {
	return refusal("InternalFailure", "The request processing has failed because of an unknown error, exception or failure.", fmt.Errorf("%s: %w", doing, err))
}
