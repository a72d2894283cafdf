package doctor_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/doctor"
	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/oidc"
	"github.com/openirsa/openirsa/store/memory"
	"github.com/openirsa/openirsa/sts"
	"github.com/openirsa/openirsa/trail"
)

const (
	account = "111122223333"
	host    = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
	subject = "system:serviceaccount:shop:app"
)

// plane is the real parts of an exchange, with an issuer whose tokens are real.
type plane struct {
	t         *testing.T
	directory *iam.Directory
	service   *sts.Service
	key       *oidc.Key
	root      iam.Caller
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	p := &plane{t: t}
	records := memory.New(1000)
	events, err := trail.Open(trail.Config{Dir: filepath.Join(t.TempDir(), "trail")})
	p.must(err)
	t.Cleanup(func() { events.Close() })
	p.directory, err = iam.New(t.Context(), iam.Config{Store: records, Trail: events, DefaultAccount: account})
	p.must(err)
	t.Cleanup(func() { p.directory.Close() })
	_, err = p.directory.Bootstrap(t.Context(), account)
	p.must(err)
	p.key, err = oidc.GenerateKey("ES256")
	p.must(err)
	verifier, err := oidc.NewVerifier(oidc.VerifierConfig{})
	p.must(err)
	t.Cleanup(func() { verifier.Close() })
	ring, err := sts.OpenRing(t.Context(), records, rand.Reader)
	p.must(err)
	p.service, err = sts.New(sts.Config{Directory: p.directory, Verifier: verifier, Ring: ring, Trail: events})
	p.must(err)
	p.root = iam.Root("aws", account)
	p.root.Origin = p.origin()
	return p
}

func (p *plane) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plane) origin() trail.Origin {
	return trail.Origin{RequestID: rand.Text(), SourceIP: "192.0.2.7", Region: "eu-central-1", Time: time.Now()}
}

// provider registers an issuer with this plane's key.
func (p *plane) provider(issuer string, clientIDs ...string) {
	p.t.Helper()
	made, err := p.directory.CreateOpenIDConnectProvider(p.t.Context(), p.root, iam.CreateOpenIDConnectProviderInput{URL: issuer, ClientIDList: clientIDs})
	p.must(err)
	signer, err := oidc.NewIssuer(issuer, []*oidc.Key{p.key})
	p.must(err)
	p.must(p.directory.PutOpenIDConnectProviderKeys(p.t.Context(), p.root, iam.PutOpenIDConnectProviderKeysInput{
		OpenIDConnectProviderARN: made.ARN, JWKS: signer.JWKS()}))
}

// exchange sends a real token of the service account.
func (p *plane) exchange(q doctor.Question) error {
	p.t.Helper()
	signer, err := oidc.NewIssuer(q.Issuer, []*oidc.Key{p.key})
	p.must(err)
	token, err := signer.Sign(signer.ServiceAccountClaims(oidc.ServiceAccountToken{Namespace: q.Namespace, ServiceAccount: q.ServiceAccount,
		ServiceAccountUID: "u", Audiences: []string{q.Audience}, IssuedAt: time.Now(), Lifetime: time.Hour, ID: rand.Text()}))
	p.must(err)
	name := "session"
	_, err = p.service.AssumeRoleWithWebIdentity(p.t.Context(), p.origin(), sts.WebIdentityInput{RoleArn: &q.RoleARN, RoleSessionName: &name, WebIdentityToken: &token})
	return err
}

func bound(context.Context, string) (bool, error) { return true, nil }

func question() doctor.Question {
	return doctor.Question{RoleARN: "arn:aws:iam::" + account + ":role/app", Issuer: "https://" + host, Namespace: "shop", ServiceAccount: "app",
		Audience: "sts.amazonaws.com", Bound: bound}
}

// statement is one of a trust policy for the provider.
func statement(condition string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::%s:oidc-provider/%s"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{%s}}`,
		account, host, strings.ReplaceAll(condition, "HOST", host))
}

const (
	aud = `"StringEquals":{"HOST:aud":"sts.amazonaws.com","HOST:sub":"`
	end = `"}`
)

// TestTrust: each trust policy makes the exchange of a real token fail, and the advice names why.
func TestTrust(t *testing.T) {
	federated := func(arn string) string {
		return strings.Replace(statement(aud+subject+end), "arn:aws:iam::"+account+":oidc-provider/"+host, arn, 1)
	}
	cases := []struct{ id, says, statements string }{
		{"T01", "system:serviceaccount:shop:api", statement(aud + "system:serviceaccount:shop:api" + end)},
		{"T01", "trusts system:serviceaccount:shop:ap;", statement(`"StringEquals":{"HOST:sub":["system:serviceaccount:other:thing","system:serviceaccount:shop:ap"]}`)},
		{"T02", "system:serviceaccount:store:app", statement(aud + "system:serviceaccount:store:app" + end)},
		{"T03", "StringLike", statement(aud + "system:serviceaccount:shop:*" + end)},
		{"T03", "StringLike", statement(aud + "system:serviceaccount:*:app" + end)},
		{"T04", "https://", statement(`"StringEquals":{"https://HOST:sub":"` + subject + `"}`)},
		{"T05", "https://", federated("arn:aws:iam::" + account + ":oidc-provider/https://" + host)},
		{"T06", "but the issuer is", strings.ReplaceAll(statement(`"StringEquals":{"OTHER:sub":"`+subject+`"}`), "OTHER", "oidc.eks.eu-central-1.amazonaws.com/id/OLD")},
		{"T07", "not this cluster's provider", federated("arn:aws:iam::" + account + ":oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/OLD")},
		{"T08", "444455556666", federated("arn:aws:iam::444455556666:oidc-provider/" + host)},
		{"T09", "aws-cn", federated("arn:aws-cn:iam::" + account + ":oidc-provider/" + host)},
		{"T10", "sts.amazon.com", statement(`"StringEquals":{"HOST:aud":"sts.amazon.com","HOST:sub":"` + subject + `"}`)},
		{"T11", "under :aud", statement(`"StringEquals":{"HOST:aud":"` + subject + `"}`)},
		{"T11", "under :sub", statement(`"StringEquals":{"HOST:sub":"sts.amazonaws.com"}`)},
		{"T12", "no alternatives", statement(`"StringEquals":{"HOST:sub":"system:serviceaccount:shop:other"},"StringLike":{"HOST:sub":"system:serviceaccount:shop:a*"}`)},
		{"T13", "two issuers", statement(`"StringEquals":{"oidc.example/b:sub":"` + subject + `","HOST:sub":"` + subject + `"}`)},
		{"T14", "sts:AssumeRoleWithWebIdentity", strings.Replace(statement(aud+subject+end), "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", 1)},
		{"T15", "Federated", `{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"}`},
		{"T16", "misspelt", statement(aud + "system:serviceaccounts:shop:app" + end)},
		{"T16", "misspelt", statement(aud + "system:serviceaccount:shop/app" + end)},
		{"T16", "misspelt", statement(aud + "system:serviceaccount:shop:App" + end)},
		{"T16", "misspelt", statement(aud + "system:serviceaccount:shop:app " + end)},
		{"T17", "placeholder", strings.ReplaceAll(statement(`"StringEquals":{"PLACE:sub":"`+subject+`"}`), "PLACE", "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE")},
		{"T18", "sts:ExternalId", statement(aud + subject + `"},"StringLike":{"sts:ExternalId":"x"}`)},
		{"T18", "aws:PrincipalTag/team", statement(`"StringEquals":{"aws:PrincipalTag/team":"x","HOST:sub":"` + subject + `"}`)},
		{"T19", "Statement Out", statement(aud+subject+end) + "," + `{"Sid":"Out","Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity"}`},
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s/%d", c.id, i), func(t *testing.T) {
			p := newPlane(t)
			p.provider("https://"+host, "sts.amazonaws.com")
			_, err := p.directory.CreateRole(t.Context(), p.root, iam.CreateRoleInput{RoleName: "app",
				AssumeRolePolicyDocument: `{"Version":"2012-10-17","Statement":[` + c.statements + `]}`})
			p.must(err)
			p.expect(question(), c.id, c.says)
		})
	}
}

// expect has the exchange fail and the advice name the cause.
func (p *plane) expect(q doctor.Question, id, says string) {
	p.t.Helper()
	if err := p.exchange(q); err == nil {
		p.t.Errorf("the exchange works: this is no case of %s", id)
	}
	got, err := doctor.New(p.service).Advise(p.t.Context(), q)
	p.must(err)
	if len(got) != 1 || got[0].ID != id || !strings.Contains(got[0].Text, says) || len(got[0].ID+": "+got[0].Text) >= 256 {
		p.t.Errorf("advice %q, want %s that says %q", got, id, says)
	}
}

// TestGeneratedName: the service account of an operator has a new suffix.
func TestGeneratedName(t *testing.T) {
	p := newPlane(t)
	p.provider("https://"+host, "sts.amazonaws.com")
	_, err := p.directory.CreateRole(t.Context(), p.root, iam.CreateRoleInput{RoleName: "app",
		AssumeRolePolicyDocument: `{"Version":"2012-10-17","Statement":[` + statement(aud+"system:serviceaccount:shop:provider-aws-7c9d01f2"+end) + `]}`})
	p.must(err)
	q := question()
	q.ServiceAccount = "provider-aws-55ab90e1"
	p.expect(q, "T26", "fixed name")
}

// TestBeforeTheTrust: what fails before a role's trust policy is asked.
func TestBeforeTheTrust(t *testing.T) {
	const trusted = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/` + host + `"},"Action":"sts:AssumeRoleWithWebIdentity"}]}`
	cases := []struct {
		id, says  string
		providers []string
		clientIDs string
		path      string
		change    func(q *doctor.Question)
	}{
		{"A03", "role/app", []string{"https://" + host}, "sts.amazonaws.com", "/", func(q *doctor.Question) { q.RoleARN = "role/app" }},
		{"A03", "user/app", []string{"https://" + host}, "sts.amazonaws.com", "/", func(q *doctor.Question) { q.RoleARN = "arn:aws:iam::" + account + ":user/app" }},
		{"A03", "1111", []string{"https://" + host}, "sts.amazonaws.com", "/", func(q *doctor.Question) { q.RoleARN = "arn:aws:iam::11112222333:role/app" }},
		{"P01", "has no OIDC provider", nil, "", "/", nil},
		{"P01", "has no OIDC provider", []string{"https://token.example.com"}, "sts.amazonaws.com", "/", nil},
		{"P02", "the cluster's issuer is now https://oidc.eks.eu-central", []string{"https://oidc.eks.eu-central-1.amazonaws.com/id/FEDCBA9876543210FEDCBA9876543210"}, "sts.amazonaws.com", "/", nil},
		{"P04", "exactly the issuer", []string{"https://" + host + "/"}, "sts.amazonaws.com", "/", nil},
		{"P04", "exactly the issuer", []string{"https://" + strings.ToLower(host)}, "sts.amazonaws.com", "/", nil},
		{"P04", "exactly the issuer", []string{"https://" + strings.Replace(host, "eu-central-1", "eu-central-2", 1)}, "sts.amazonaws.com", "/", nil},
		{"P05", "sts.amazon.com", []string{"https://" + host}, "sts.amazon.com", "/", nil},
		{"P06", "Audience mine", []string{"https://" + host}, "sts.amazonaws.com", "/", func(q *doctor.Question) { q.Audience = "mine" }},
		{"A05", "role/team/app", []string{"https://" + host}, "sts.amazonaws.com", "/team/", nil},
		{"T20", "no role", []string{"https://" + host}, "sts.amazonaws.com", "/", func(q *doctor.Question) { q.RoleARN += "lication" }},
		{"T09", "partition is aws", []string{"https://" + host}, "sts.amazonaws.com", "/", func(q *doctor.Question) {
			q.RoleARN = strings.Replace(q.RoleARN, "arn:aws:", "arn:aws-cn:", 1)
		}},
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s/%d", c.id, i), func(t *testing.T) {
			p := newPlane(t)
			for _, issuer := range c.providers {
				p.provider(issuer, c.clientIDs)
			}
			_, err := p.directory.CreateRole(t.Context(), p.root, iam.CreateRoleInput{RoleName: "app", Path: c.path, AssumeRolePolicyDocument: trusted})
			p.must(err)
			q := question()
			if c.change != nil {
				c.change(&q)
			}
			p.expect(q, c.id, c.says)
		})
	}
}

// TestReach: exchanges that work, and whom else they work for.
func TestReach(t *testing.T) {
	cases := []struct {
		name, statement string
		want            []string
	}{
		{"one account", statement(aud + subject + end), nil},
		{"two accounts", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com","HOST:sub":["` + subject + `","system:serviceaccount:shop:b"]}`), []string{"U10"}},
		{"two namespaces", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com","HOST:sub":["` + subject + `","system:serviceaccount:b:app"]}`), []string{"S14"}},
		{"no subject", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com"}`), []string{"S02"}},
		{"every subject", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com"},"StringLike":{"HOST:sub":"*"}`), []string{"S04"}},
		{"namespaces that end alike", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com"},"StringLike":{"HOST:sub":"system:serviceaccount:*:app"}`), []string{"S05"}},
		{"a set operator", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com"},"ForAllValues:StringEquals":{"HOST:sub":"` + subject + `"}`), []string{"S07"}},
		{"only if there is one", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com"},"StringEqualsIfExists":{"HOST:sub":"` + subject + `"}`), []string{"S08"}},
		{"there has to be one", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com"},"Null":{"HOST:sub":"false"}`), []string{"S09"}},
		{"all but one", statement(`"StringEquals":{"HOST:aud":"sts.amazonaws.com"},"StringNotEquals":{"HOST:sub":"system:serviceaccount:b:app"}`), []string{"S10"}},
		{"nothing at all", strings.Replace(statement(""), `,"Condition":{}`, "", 1), []string{"S01"}},
		{"an address, which nobody knows yet", statement(aud + subject + `"},"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newPlane(t)
			p.provider("https://"+host, "sts.amazonaws.com")
			_, err := p.directory.CreateRole(t.Context(), p.root, iam.CreateRoleInput{RoleName: "app",
				AssumeRolePolicyDocument: `{"Version":"2012-10-17","Statement":[` + c.statement + `]}`})
			p.must(err)
			p.must(p.exchange(question()))
			got, err := doctor.New(p.service).Advise(t.Context(), question())
			p.must(err)
			var ids []string
			for _, w := range got {
				ids = append(ids, w.ID)
			}
			if fmt.Sprint(ids) != fmt.Sprint(c.want) {
				t.Errorf("advice %q, want %q", got, c.want)
			}
		})
	}
}

// TestNotBound: nothing is told of roles in accounts that have not registered the cluster, not even whether there are any.
func TestNotBound(t *testing.T) {
	p := newPlane(t)
	p.provider("https://"+host, "sts.amazonaws.com")
	_, err := p.directory.CreateRole(t.Context(), p.root, iam.CreateRoleInput{RoleName: "app",
		AssumeRolePolicyDocument: `{"Version":"2012-10-17","Statement":[` + statement(aud+"x"+end) + `]}`})
	p.must(err)
	texts := map[string]bool{}
	for _, arn := range []string{"arn:aws:iam::" + account + ":role/app", "arn:aws:iam::" + account + ":role/none", "arn:aws:iam::999999999999:role/app"} {
		q := question()
		q.RoleARN, q.Bound = arn, func(context.Context, string) (bool, error) { return false, nil }
		got, err := doctor.New(p.service).Advise(t.Context(), q)
		p.must(err)
		if len(got) != 1 || got[0].ID != "" || len(got[0].Text) >= 256 {
			t.Fatalf("advice %q", got)
		}
		texts[got[0].Text] = true
	}
	if len(texts) != 1 {
		t.Errorf("the sentences differ: %v", texts)
	}
}

// TestLongValues: a warning is short and printable, whatever is in it.
func TestLongValues(t *testing.T) {
	p := newPlane(t)
	q := question()
	q.RoleARN = "arn:aws:iam::" + account + ":user/" + strings.Repeat("é\x1b[31m", 500)
	got, err := doctor.New(p.service).Advise(t.Context(), q)
	p.must(err)
	if len(got) != 1 || len(got[0].ID+": "+got[0].Text) >= 256 || strings.ContainsRune(got[0].Text, '\x1b') {
		t.Errorf("advice %q", got)
	}
}

// TestTable holds the table's own form, and the table against the reference where that is at hand.
func TestTable(t *testing.T) {
	form := regexp.MustCompile(`^[PTAWKNDSU][0-9]{2}$`)
	known := map[string]bool{}
	for _, d := range doctor.Diagnoses() {
		if !form.MatchString(d.ID) || known[d.ID] || d.Title == "" || !strings.HasSuffix(d.Cause, ".") {
			t.Errorf("diagnosis %+v", d)
		}
		known[d.ID] = true
	}
	data := os.Getenv("OPENIRSA_TESTDATA")
	if data == "" {
		t.Skip("OPENIRSA_TESTDATA is not set")
	}
	reference, err := os.ReadFile(filepath.Join(data, "..", "reference", "misconfigurations.md"))
	if os.IsNotExist(err) {
		t.Skip("the reference is not beside the test data")
	}
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^\| ([A-Z][0-9]{2}) \||\b(U[0-9]{2}) `).FindAllStringSubmatch(string(reference), -1) {
		listed[match[1]+match[2]] = true
	}
	if len(listed) < 100 {
		t.Fatalf("read only %d ids of the reference", len(listed))
	}
	for id := range listed {
		if !known[id] {
			t.Errorf("the table lacks %s", id)
		}
	}
	for id := range known {
		if !listed[id] {
			t.Errorf("the reference lacks %s", id)
		}
	}
}
