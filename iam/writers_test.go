package iam_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestConcurrentWriters: two hundred writers through two directories lose nothing, repeat no name and exceed no quota.
func TestConcurrentWriters(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	arn := p.policy("P").ARN
	var providers, overQuota, twins, roles atomic.Int32
	p.together(func(d *iam.Directory, i int) {
		create := func(name string) error {
			return insist(func() error {
				return second(d.CreateRole(ctx, p.root, iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: trustAnyone}))
			})
		}
		if err := insist(func() error {
			return second(d.CreateOpenIDConnectProvider(ctx, p.root, iam.CreateOpenIDConnectProviderInput{URL: fmt.Sprintf("https://issuer-%d.example.com", i)}))
		}); err == nil {
			providers.Add(1)
		} else if refused(t, err, "LimitExceeded") != nil {
			overQuota.Add(1)
		}
		if err := create("Twin"); err == nil {
			twins.Add(1)
		} else {
			refused(t, err, "EntityAlreadyExists")
		}
		name := fmt.Sprint("Role", i)
		if err := create(name); err != nil {
			t.Error(err)
		} else if err := insist(func() error {
			return d.AttachPolicy(ctx, p.root, iam.AttachmentInput{IdentityName: iam.OfRole(name), PolicyARN: arn})
		}); err != nil {
			t.Error(err)
		} else {
			roles.Add(1)
		}
	})
	if providers.Load() != 100 || overQuota.Load() != 100 || twins.Load() != 1 || roles.Load() != writers {
		t.Errorf("%d providers, %d refused, %d twins, %d roles; want 100, 100, 1, %d", providers.Load(), overQuota.Load(), twins.Load(), roles.Load(), writers)
	}
	p.close()
	p.open()
	if got := must(p.GetPolicy(ctx, p.root, iam.PolicyInput{PolicyARN: arn})); got.AttachmentCount != writers {
		t.Errorf("%d attachments after the restart, want %d", got.AttachmentCount, writers)
	}
	if got := must(p.ListOpenIDConnectProviders(ctx, p.root)); len(got) != 100 {
		t.Errorf("%d providers after the restart", len(got))
	}
}

// TestConcurrentDeletion: a policy is deleted or attached, never both.
func TestConcurrentDeletion(t *testing.T) {
	p := newPlane(t)
	ctx := t.Context()
	other := p.another()
	defer other.Close()
	p.role("R")
	for i := range 20 {
		arn := p.policy(fmt.Sprint("P", i)).ARN
		attachment := iam.AttachmentInput{IdentityName: iam.OfRole("R"), PolicyARN: arn}
		var attached, deleted error
		var wait sync.WaitGroup
		wait.Go(func() { attached = p.AttachPolicy(ctx, p.root, attachment) })
		wait.Go(func() { deleted = other.DeletePolicy(ctx, p.root, iam.PolicyInput{PolicyARN: arn}) })
		wait.Wait()
		switch {
		case attached == nil:
			refused(t, deleted, "DeleteConflict")
			done(t, p.DetachPolicy(ctx, p.root, attachment))
		default:
			refused(t, attached, "NoSuchEntity")
			done(t, deleted)
		}
	}
}
