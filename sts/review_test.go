package sts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/sts"
)

// reviewed is a plane whose provider is a cluster that reviews its tokens.
func reviewed(t *testing.T) (p *plane, good key, role iam.Role, cluster sts.TokenReviewsInput) {
	t.Helper()
	p, good, role = shop(t)
	root := p.root(accountA)
	root.Origin = p.origin()
	_, err := p.directory.RegisterCluster(t.Context(), root, iam.RegisterClusterInput{Name: "prod", Issuer: issuer, UID: "u", TokenReview: ref(true),
		SyncSubject: "system:serviceaccount:openirsa:cluster-sync"})
	p.must(err)
	return p, good, role, sts.TokenReviewsInput{Name: "prod", UID: "u"}
}

func TestReviewNotAnswered(t *testing.T) {
	p, good, role, _ := reviewed(t)
	p.service = p.serviceWith(func(c *sts.Config) { c.ReviewWait = time.Millisecond })
	_, event, err := p.exchange(input(role.ARN, good.sign(p.goodClaims())))
	if refused, ok := err.(*iam.Error); !ok || refused.Code != "IDPCommunicationError" || event.ErrorCode != "IDPCommunicationError" {
		t.Errorf("nobody answers: %v, %+v", err, event)
	}
	// Who gives the word has to begin without it.
	syncer := p.role(accountA, "sync", trustFor(accountA, "system:serviceaccount:openirsa:cluster-sync"))
	_, _, err = p.exchange(input(syncer.ARN, good.sign(p.goodClaims().with("sub", "system:serviceaccount:openirsa:cluster-sync"))))
	p.must(err)
}

// TestReviewCounts: a word counts for less than five seconds, and for the token that it was said of.
func TestReviewCounts(t *testing.T) {
	p, good, role, cluster := reviewed(t)
	p.service = p.serviceWith(func(c *sts.Config) { c.ReviewWait = time.Minute })
	root := p.root(accountA)
	root.Origin = p.origin()
	answer := func(verdict bool) {
		t.Helper()
		got, err := p.service.ReceiveTokenReviews(t.Context(), root, cluster)
		p.must(err)
		if len(got) != 1 || !slices.Equal(got[0].Audiences, []string{audience}) {
			t.Fatalf("to review: %+v", got)
		}
		p.must(p.service.CompleteTokenReviews(t.Context(), root, cluster, []sts.ReviewResult{{ID: "of nothing", Authenticated: true}, {ID: got[0].ID, Authenticated: verdict}}))
	}
	exchange := func(token string) <-chan error {
		origin, done := p.origin(), make(chan error, 1)
		go func() {
			_, err := p.service.AssumeRoleWithWebIdentity(t.Context(), origin, input(role.ARN, token))
			done <- err
		}()
		return done
	}
	token := good.sign(p.goodClaims())
	first, second := exchange(token), exchange(token) // one review serves both
	answer(true)
	p.must(<-first)
	p.must(<-second)
	p.must(<-exchange(token))

	p.advance(5 * time.Second)
	again := exchange(token)
	answer(false)
	if err := <-again; err == nil || err.Error() != notValidated {
		t.Errorf("the token of a pod that is gone: %v", err)
	}
	other := exchange(good.sign(p.goodClaims().with("jti", "other")))
	answer(true)
	p.must(<-other)
}

// TestReviewLate: a good word that comes five seconds after the cluster was given the token vouches for nothing, and a token whose review was taken and lost
// is reviewed again, however many wait for the first.
func TestReviewLate(t *testing.T) {
	p, good, role, cluster := reviewed(t)
	p.service = p.serviceWith(func(c *sts.Config) { c.ReviewWait = 2 * time.Second })
	root := p.root(accountA)
	root.Origin = p.origin()
	token := good.sign(p.goodClaims())
	exchange := func() <-chan error {
		origin, done := p.origin(), make(chan error, 1)
		go func() {
			_, err := p.service.AssumeRoleWithWebIdentity(t.Context(), origin, input(role.ARN, token))
			done <- err
		}()
		return done
	}
	receive := func() string {
		t.Helper()
		got, err := p.service.ReceiveTokenReviews(t.Context(), root, cluster)
		p.must(err)
		if len(got) != 1 {
			t.Fatalf("to review: %+v", got)
		}
		return got[0].ID
	}
	first := exchange()
	lost := receive()
	p.advance(5 * time.Second)
	second := exchange()
	again := receive()
	if again == lost {
		t.Fatal("the review that was lost is received twice")
	}
	p.must(p.service.CompleteTokenReviews(t.Context(), root, cluster, []sts.ReviewResult{{ID: lost, Authenticated: true}, {ID: again, Authenticated: true}}))
	p.must(<-second)
	if err := <-first; err == nil {
		t.Error("a late word was taken")
	}
}

// TestReviewRemoved: what is taken away while the cluster's word is waited for gets no session after that, which no date of the removal would revoke.
func TestReviewRemoved(t *testing.T) {
	for name, remove := range map[string]func(p *plane, root iam.Caller, role iam.Role) (refusal string, err error){
		"nothing": func(*plane, iam.Caller, iam.Role) (string, error) { return "", nil },
		"another": func(p *plane, root iam.Caller, _ iam.Role) (string, error) {
			p.role(accountA, "another", trustFor(accountA, subject))
			return "", nil
		},
		"the role": func(p *plane, root iam.Caller, role iam.Role) (string, error) {
			return "AccessDenied", p.directory.DeleteRole(p.t.Context(), root, iam.IdentityInput{IdentityName: iam.OfRole(role.Name)})
		},
		"the provider": func(p *plane, root iam.Caller, _ iam.Role) (string, error) {
			arn := "arn:aws:iam::" + accountA + ":oidc-provider/" + issuer[len("https://"):]
			return "InvalidIdentityToken", p.directory.DeleteOpenIDConnectProvider(p.t.Context(), root, iam.ProviderInput{OpenIDConnectProviderARN: arn})
		},
	} {
		p, good, role, cluster := reviewed(t)
		p.service = p.serviceWith(func(c *sts.Config) { c.ReviewWait = time.Minute })
		root := p.root(accountA)
		root.Origin = p.origin()
		origin, token, done := p.origin(), good.sign(p.goodClaims()), make(chan error, 1)
		go func() {
			_, err := p.service.AssumeRoleWithWebIdentity(t.Context(), origin, input(role.ARN, token))
			done <- err
		}()
		got, err := p.service.ReceiveTokenReviews(t.Context(), root, cluster)
		p.must(err)
		want, err := remove(p, root, role)
		p.must(err)
		p.must(p.service.CompleteTokenReviews(t.Context(), root, cluster, []sts.ReviewResult{{ID: got[0].ID, Authenticated: true}}))
		err = <-done
		if refused, ok := err.(*iam.Error); err == nil && want != "" || err != nil && (!ok || refused.Code != want) {
			t.Errorf("%s changed: %v, want %q", name, err, want)
		}
	}
}

// TestReviewEnding: a plane that is about to end holds no poll.
func TestReviewEnding(t *testing.T) {
	p, _, _, cluster := reviewed(t)
	ending := make(chan struct{})
	p.service = p.serviceWith(func(c *sts.Config) { c.Ending = ending })
	root := p.root(accountA)
	root.Origin = p.origin()
	done := make(chan error, 1)
	go func() {
		got, err := p.service.ReceiveTokenReviews(t.Context(), root, cluster)
		if len(got) > 0 {
			t.Errorf("to review: %+v", got)
		}
		done <- err
	}()
	close(ending)
	select {
	case err := <-done:
		p.must(err)
	case <-time.After(sts.ReviewPoll / 2):
		t.Error("the poll is still held")
	}
}
