package iam_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
)

// defect is something that a directory could get wrong.
type defect struct {
	name   string
	tamper tamperer
}

// answering changes what an operation answers.
func answering[Out any](operation string, edit func(out *Out)) tamperer {
	return func(_ *run, s step, ask func() (any, error)) (any, error) {
		got, err := ask()
		if out, ok := got.(Out); ok && err == nil && s.name == operation {
			edit(&out)
			return out, nil
		}
		return got, err
	}
}

// refusing changes how an operation refuses.
func refusing(operation, code string, edit func(e *iam.Error) error) tamperer {
	return func(_ *run, s step, ask func() (any, error)) (any, error) {
		got, err := ask()
		if refusal, ok := errors.AsType[*iam.Error](err); ok && s.name == operation && refusal.Code == code {
			changed := *refusal
			return got, edit(&changed)
		}
		return got, err
	}
}

// forgetting answers an operation's success without doing it.
func forgetting(operation string) tamperer {
	return func(_ *run, s step, ask func() (any, error)) (any, error) {
		if s.name == operation {
			return struct{}{}, nil
		}
		return ask()
	}
}

// besides does something else after an operation that succeeded.
func besides(operation string, do func(r *run, s step)) tamperer {
	return func(r *run, s step, ask func() (any, error)) (any, error) {
		got, err := ask()
		if err == nil && s.name == operation {
			do(r, s)
		}
		return got, err
	}
}

func defects() []defect {
	ctx := context.Background()
	swallowed := func(*iam.Error) error { return nil }
	first := map[string]string{}
	return []defect{
		{"a policy is deleted while attached", refusing("DeletePolicy", "DeleteConflict", swallowed)},
		{"a quota of tags is not kept", refusing("TagRole", "LimitExceeded", swallowed)},
		{"a quota of attachments is not kept", refusing("AttachRolePolicy", "LimitExceeded", swallowed)},
		{"a quota of memberships is not kept", refusing("AddUserToGroup", "LimitExceeded", swallowed)},
		{"an error has another code", refusing("DeleteRole", "DeleteConflict", func(e *iam.Error) error { e.Code = "InvalidInput"; return e })},
		{"an error has another sentence", refusing("GetRole", "NoSuchEntity", func(e *iam.Error) error { e.Message += "."; return e })},
		{"an error is none of AWS's", refusing("GetUser", "NoSuchEntity", func(e *iam.Error) error { return errors.New(e.Message) })},
		{"names lose their case", answering("GetUser", func(u *iam.User) { u.Name = strings.ToLower(u.Name) })},
		{"tags lose their case", answering("ListRoleTags", func(tags *[]iam.Tag) {
			*tags = each(*tags, func(t iam.Tag) iam.Tag { return iam.Tag{Key: strings.ToLower(t.Key), Value: t.Value} })
		})},
		{"a list leaves the last one out", answering("ListPolicies", func(all *[]iam.ManagedPolicy) { *all = (*all)[:max(0, len(*all)-1)] })},
		{"a list has another order", answering("ListUsers", func(all *[]iam.User) { slices.Reverse(*all) })},
		{"a date is off by a second", answering("CreatePolicyVersion", func(v *iam.PolicyVersion) { v.Created = v.Created.Add(time.Second) })},
		{"a number of attachments is off by one", answering("GetPolicy", func(p *iam.ManagedPolicy) { p.AttachmentCount++ })},
		{"a number in the summary is off by one", answering("GetAccountSummary", func(n *map[string]int) { (*n)["PolicyVersionsInUse"]++ })},
		{"a unique id is used again", answering("CreateRole", func(r *iam.Role) {
			if id, ok := first[r.Name]; ok {
				r.ID = id
			}
			first[r.Name] = r.ID
		})},
		{"trust policies name whom they named", answering("GetRole", func(r *iam.Role) {
			for text, d := range documents {
				if len(d.names) > 0 && len(r.TrustPolicy) != len(text) && strings.HasPrefix(r.TrustPolicy, text[:80]) {
					r.TrustPolicy = text
				}
			}
		})},
		{"a detachment is forgotten", forgetting("DetachUserPolicy")},
		{"an alias is forgotten", forgetting("CreateAccountAlias")},
		{"a key stays active", forgetting("UpdateAccessKey")},
		{"a thumbprint stays", forgetting("UpdateOpenIDConnectProviderThumbprint")},
		{"who is renamed leaves the groups", besides("UpdateUser", func(r *run, s step) {
			in := s.input.(iam.UpdateUserInput)
			_ = r.RemoveUserFromGroup(ctx, r.caller, iam.MembershipInput{UserName: cmp.Or(in.NewUserName, in.UserName), GroupName: "dev"})
		})},
		{"a new version is the default", besides("CreatePolicyVersion", func(r *run, s step) {
			arn := s.input.(iam.CreatePolicyVersionInput).PolicyARN
			_ = r.SetDefaultPolicyVersion(ctx, r.caller, iam.PolicyVersionInput{PolicyARN: arn, VersionID: "v2"})
		})},
		{"a boundary is attached", besides("PutRolePermissionsBoundary", func(r *run, s step) {
			in := s.input.(iam.BoundaryInput)
			_ = r.AttachPolicy(ctx, r.caller, iam.AttachmentInput{IdentityName: in.IdentityName, PolicyARN: in.PermissionsBoundary})
		})},
	}
}

// TestSequencesCanFail puts one defect at a time between the directory and the comparison, which has to notice each, and soon.
func TestSequencesCanFail(t *testing.T) {
	if testing.Short() {
		t.Skip("many sequences in one goroutine each")
	}
	const enough = 2000
	kinds := calls()
	for _, d := range defects() {
		t.Run(d.name, func(t *testing.T) {
			for i := range enough {
				steps := newGenerator(*seed, uint64(i)).draw(kinds, callsOfASequence)
				if play(steps, i, d.tamper, nil) != "" {
					t.Logf("noticed in sequence %d", i)
					return
				}
			}
			t.Errorf("%d sequences did not notice it", enough)
		})
	}
}
