package sts_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// TestTagsOfOpenSessions: the requests of one session share their condition keys, but for as long as the role is what it was; what a door adds to one
// request stays in it.
func TestTagsOfOpenSessions(t *testing.T) {
	p, good, role := shop(t)
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	const key, ofDoor = "aws:PrincipalTag/Stage", "s3:authType"
	want := func(tag string) {
		t.Helper()
		for range 3 {
			caller, err := p.authenticate(out.Credentials)
			p.must(err)
			if got, ok := caller.Context.Get(key); ok != (tag != "") || ok && got[0] != tag {
				t.Errorf("%s = %q, want %q", key, got, tag)
			}
			if got, ok := caller.Context.Get(ofDoor); ok {
				t.Errorf("another request's %s = %q", ofDoor, got)
			}
			caller.Context.Set(ofDoor, "REST-HEADER")
			caller.Context.Set(key, "of this request")
			if issued, _ := caller.Context.Get("aws:TokenIssueTime"); len(issued) != 1 {
				t.Errorf("aws:TokenIssueTime = %q", issued)
			}
		}
	}
	root, name := p.root(accountA), iam.OfRole(role.Name)
	want("")
	for _, value := range []string{"test", "production"} {
		p.must(p.directory.TagIdentity(t.Context(), root, iam.TagIdentityInput{IdentityName: name, Tags: []iam.Tag{{Key: "Stage", Value: value}}}))
		want(value)
	}
	p.must(p.directory.UntagIdentity(t.Context(), root, iam.UntagIdentityInput{IdentityName: name, TagKeys: []string{"Stage"}}))
	want("")
}

// TestSessionsAreShared: requests of one session at the same time, for the race detector.
func TestSessionsAreShared(t *testing.T) {
	p, good, role := shop(t)
	out, _, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	p.must(err)
	request, origin := p.signed(out.Credentials), p.origin()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				caller, err := p.service.Authenticate(t.Context(), request, origin)
				if err != nil {
					t.Error(err)
					return
				}
				mine := fmt.Sprint(i, " ", j)
				caller.Context.Set("s3:prefix", mine)
				keys := caller.ConditionKeys(map[string][]string{"s3:delimiter": {mine}})
				for _, key := range []string{"s3:prefix", "s3:delimiter"} {
					if got, _ := keys.Get(key); len(got) != 1 || got[0] != mine {
						t.Errorf("%s = %q, want %q", key, got, mine)
					}
				}
			}
		})
	}
	for i := range 10 {
		p.must(p.directory.TagIdentity(t.Context(), p.root(accountA),
			iam.TagIdentityInput{IdentityName: iam.OfRole(role.Name), Tags: []iam.Tag{{Key: "Stage", Value: fmt.Sprint(i)}}}))
	}
	group.Wait()
}
