package sts_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

func TestTagsAndSourceIdentity(t *testing.T) {
	p, good, bare := shop(t)
	host := strings.TrimPrefix(issuer, "https://")
	tagging := p.role(accountA, "tagging", document(
		fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],
			"Condition":{"StringEquals":{"aws:RequestTag/team":"shop"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team","Stage"],"sts:TransitiveTagKeys":["Team"]}}}`, accountA, host),
		fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":"sts:SetSourceIdentity","Condition":{"StringEquals":{"sts:SourceIdentity":"alice"}}}`, accountA, host)),
		func(in *iam.CreateRoleInput) {
			in.Tags = []iam.Tag{{Key: "team", Value: "of the role"}, {Key: "Cost", Value: "7"}}
		})
	tags := func(tags map[string][]string, transitive ...string) map[string]any {
		return map[string]any{"principal_tags": tags, "transitive_tag_keys": transitive}
	}
	const tagsClaim, sourceClaim = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"
	full := p.goodClaims().with(tagsClaim, tags(map[string][]string{"Team": {"shop"}, "Stage": {"prod"}}, "Team")).with(sourceClaim, "alice")

	out, _, err := p.exchange(input(tagging.ARN, good.sign(full)))
	if err != nil {
		t.Fatal(err)
	}
	if out.SourceIdentity != "alice" || out.PackedPolicySize == nil || *out.PackedPolicySize < 1 || *out.PackedPolicySize > 5 {
		t.Errorf("answer = %+v", out)
	}
	caller, err := p.authenticate(out.Credentials)
	p.must(err)
	for key, want := range map[string]string{"aws:PrincipalTag/Team": "shop", "aws:PrincipalTag/Stage": "prod", "aws:PrincipalTag/Cost": "7", "aws:SourceIdentity": "alice"} {
		if got, _ := caller.Context.Get(key); len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if fmt.Sprint(caller.SessionTags) != "map[Stage:prod Team:shop]" || fmt.Sprint(caller.TransitiveTags) != "[Team]" || caller.SourceIdentity != "alice" || caller.ChainDepth != 1 {
		t.Errorf("caller = %+v", caller)
	}

	for name, c := range map[string]struct {
		role   string
		claims claims
		action string
	}{
		"no sts:TagSession":        {bare.ARN, p.goodClaims().with(tagsClaim, tags(map[string][]string{"Team": {"shop"}})), "sts:TagSession"},
		"no sts:SetSourceIdentity": {bare.ARN, p.goodClaims().with(sourceClaim, "alice"), "sts:SetSourceIdentity"},
		"other tag value":          {tagging.ARN, p.goodClaims().with(tagsClaim, tags(map[string][]string{"Team": {"x"}})), "sts:AssumeRoleWithWebIdentity"},
		"other source identity":    {tagging.ARN, p.goodClaims().with(tagsClaim, tags(map[string][]string{"Team": {"shop"}})).with(sourceClaim, "bob"), "sts:SetSourceIdentity"},
	} {
		_, event, err := p.exchange(input(c.role, good.sign(c.claims)))
		wantError(t, err, "AccessDenied", denied)
		if event.Action != c.action || event.Decision == nil || event.Decision.Allowed() {
			t.Errorf("%s: event = %+v", name, event)
		}
	}

	many := map[string][]string{}
	for i := range 51 {
		many[fmt.Sprint("key", i)] = []string{"v"}
	}
	for name, c := range map[string]claims{
		"51 tags":                  p.goodClaims().with(tagsClaim, tags(many)),
		"long key":                 p.goodClaims().with(tagsClaim, tags(map[string][]string{strings.Repeat("k", 129): {"v"}})),
		"long value":               p.goodClaims().with(tagsClaim, tags(map[string][]string{"k": {strings.Repeat("v", 257)}})),
		"keys that differ in case": p.goodClaims().with(tagsClaim, tags(map[string][]string{"k": {"v"}, "K": {"v"}})),
		"reserved key":             p.goodClaims().with(tagsClaim, tags(map[string][]string{"aws:k": {"v"}})),
		"unknown transitive key":   p.goodClaims().with(tagsClaim, tags(map[string][]string{"k": {"v"}}, "other")),
		"source identity":          p.goodClaims().with(sourceClaim, "white space"),
	} {
		_, event, err := p.exchange(input(tagging.ARN, good.sign(c)))
		wantError(t, err, "InvalidIdentityToken", notValidated)
		if event.Explanation == "" {
			t.Errorf("%s: no explanation", name)
		}
	}
}

func TestPackedPolicyTooLarge(t *testing.T) {
	p, good, _ := shop(t)
	role := p.role(accountA, "tagging", trustFor(accountA, subject, "sts:TagSession"))
	tags := map[string][]string{}
	for i := range 20 {
		tags[fmt.Sprint("key", i)] = []string{strings.Repeat("v", 200)}
	}
	c := p.goodClaims().with("https://aws.amazon.com/tags", map[string]any{"principal_tags": tags})
	_, _, err := p.exchange(input(role.ARN, good.sign(c)))
	if e := wantError(t, err, "PackedPolicyTooLarge", ""); !strings.HasPrefix(e.Message, "Packed size of session tags consumes 1") || !strings.HasSuffix(e.Message, "% of allotted space.") {
		t.Errorf("message = %s", e.Message)
	}
	for i := 10; i < 20; i++ {
		delete(tags, fmt.Sprint("key", i))
	}
	in := input(role.ARN, good.sign(c))
	out, _, err := p.exchange(in)
	if err != nil || *out.PackedPolicySize < 60 || *out.PackedPolicySize > 100 {
		t.Errorf("%+v, %v", out, err)
	}
	in.Policy = ref(document(fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::%s"}`, strings.Repeat("b", 1800))))
	_, _, err = p.exchange(in)
	if e := wantError(t, err, "PackedPolicyTooLarge", ""); !strings.HasPrefix(e.Message, "Packed policy consumes 1") || !strings.HasSuffix(e.Message, "% of allotted space, please use smaller policy.") {
		t.Errorf("message = %s", e.Message)
	}
	host := strings.TrimPrefix(issuer, "https://")
	anyone := p.role(accountA, "anyone", document(fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"%s:sub":"*"}}}`, accountA, host, host)))
	_, _, err = p.exchange(input(anyone.ARN, good.sign(p.goodClaims().with("sub", strings.Repeat("s", 4000)))))
	wantError(t, err, "PackedPolicyTooLarge", "Serialized token too large for session")
}
