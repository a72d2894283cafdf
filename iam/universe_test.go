package iam_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"

	"github.com/openirsa/openirsa/iam"
)

// The universe of the random calls is small, so that they meet.
const (
	aliasElsewhere    = "taken-elsewhere"
	readOnlyPolicy    = "arn:aws:iam::aws:policy/ReadOnlyAccess"
	serviceRolePolicy = "arn:aws:iam::aws:policy/aws-service-role/AmazonEKSServiceRolePolicy"
)

var awsPolicies = []iam.AWSPolicy{
	{Name: "ReadOnlyAccess", Path: "/", ID: "ANPAILL3HVNFSB6DCOWYQ", Description: "read", Created: time.Unix(1423159240, 0), Updated: time.Unix(1700000000, 0),
		DefaultVersionID: "v114", Document: allowGet},
	{Name: "AmazonEKSServiceRolePolicy", Path: serviceRolePath, ID: "ANPAZKAPJZG4EDSERVICE", Created: time.Unix(1582300000, 0), Updated: time.Unix(1590000000, 0),
		DefaultVersionID: "v2", Document: allowGet},
}

// document is what there is to know about a policy document: its size without white space, what is wrong with it as a policy of permissions and
// as a trust policy ("": nothing), and whom it names.
type document struct {
	text            string
	size            int
	identity, trust string
	names           []string
}

// aclSize is AWS's sentence about a trust policy that is too large.
const aclSize = "Cannot exceed quota for ACLSizePerRole: 2048"

func (d document) trustCode() string {
	if d.trust == aclSize {
		return "LimitExceeded"
	}
	return "MalformedPolicyDocument"
}

func naming(arns ...string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + strings.Join(arns, `","`) + `"]},"Action":"sts:AssumeRole"}]}`
}

const (
	arnAlice  = "arn:aws:iam::" + account + ":user/alice"
	arnBob    = "arn:aws:iam::" + account + ":user/team/bob"
	arnReader = "arn:aws:iam::" + account + ":role/Reader"
)

const (
	noPrincipal = "Policy document should not specify a principal."
	noResource  = "Has prohibited field Resource"
	syntax      = "Syntax errors in policy."
)

// documents of every call, by their texts.
var documents = func() map[string]document {
	table := map[string]document{}
	for _, d := range []document{
		{text: allowGet, trust: noResource},
		{text: allowPut, trust: noResource},
		{text: padded(1500), trust: noResource},
		{text: padded(4400), trust: noResource},
		{text: padded(6145), trust: noResource},
		{text: `{"Version":`, identity: syntax, trust: "This policy contains invalid Json"},
		{text: `{"Version":"2012-10-17","Statement":[]}`, identity: syntax, trust: "Could not parse the policy: Statement is empty!"},
		{text: trustAnyone, identity: noPrincipal},
		{text: naming(arnAlice), identity: noPrincipal, names: []string{arnAlice}},
		{text: naming(arnReader), identity: noPrincipal, names: []string{arnReader}},
		{text: naming(arnAlice, arnReader, arnBob), identity: noPrincipal, names: []string{arnAlice, arnReader, arnBob}},
		{text: naming("111122223333") + strings.Repeat("\n", 3000), identity: noPrincipal},
		{text: strings.Replace(trustAnyone, `"Effect"`, `"Sid": "`+strings.Repeat("a", 2000)+`", "Effect"`, 1), identity: noPrincipal, trust: aclSize},
		{text: strings.Replace(trustAnyone, "sts:AssumeRole", "s3:GetObject", 1), identity: noPrincipal, trust: "AssumeRole policy may only specify STS AssumeRole actions."},
	} {
		for _, r := range d.text {
			if !unicode.IsSpace(r) {
				d.size++
			}
		}
		table[d.text] = d
	}
	return table
}()

func documentOf(text string) document {
	d, ok := documents[text]
	if !ok {
		panic("the table of documents does not have " + text)
	}
	return d
}

// generator draws calls. What it draws is mostly about the same few things, so that calls meet.
type generator struct {
	*rand.Rand
	role, user, group, policy, profile string // drawn more often than others
}

func newGenerator(seed, sequence uint64) *generator {
	return &generator{
		Rand: rand.New(rand.NewPCG(seed, sequence)),
		role: "Reader", user: "alice", group: "dev", policy: "P", profile: "web",
	}
}

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// often draws the first one mostly.
func often[T any](g *generator, first T, others ...T) T {
	if g.IntN(3) > 0 {
		return first
	}
	return pick(g, others...)
}

// rarely is true once in thirty times.
func (g *generator) rarely() bool { return g.IntN(30) == 0 }

func (g *generator) name(first string, others ...string) string {
	if g.rarely() {
		return pick(g, "no such/name", "", strings.Repeat("n", 129))
	}
	return often(g, first, others...)
}

func (g *generator) roleName() string {
	return g.name(g.role, "reader", "Writer", "Writer", "AWSServiceRoleForAmazonEKS")
}
func (g *generator) userName() string    { return g.name(g.user, "Alice", "bob") }
func (g *generator) groupName() string   { return g.name(g.group, "Dev", "ops", "full0") }
func (g *generator) policyName() string  { return g.name(g.policy, "p", "Q", "full0") }
func (g *generator) profileName() string { return g.name(g.profile, "Web", "batch") }
func (g *generator) inlineName() string  { return g.name("inline", "Inline", "other") }
func (g *generator) prefix() string      { return pick(g, "", "", "/", "/team/", "/te", "/other/") }
func (g *generator) pageSize() int       { return pick(g, 1, 2, 3, 7, 1000) }

func (g *generator) path() string {
	if g.rarely() {
		return pick(g, "team/", serviceRolePath+"eks.amazonaws.com/")
	}
	return often(g, "", "/", "/team/")
}

func (g *generator) policyARN() string {
	const own = "arn:aws:iam::" + account + ":policy/"
	return often(g, own+g.policy, own+"team/P", own+"P", own+"Q", own+"full0", own+"full9", own+"missing", readOnlyPolicy, readOnlyPolicy, serviceRolePolicy,
		"arn:aws:iam::"+otherAccount+":policy/P", "arn:aws:s3:::not-a-policy")
}

func (g *generator) boundary() string {
	if g.IntN(4) > 0 {
		return ""
	}
	return g.policyARN()
}

func (g *generator) providerARN() string {
	return often(g, providerPrefix+"oidc.example.com/id/ABC", providerPrefix+"other.example.com", providerPrefix+"missing.example.com", "arn:aws:iam::"+account+":role/Reader")
}

func (g *generator) permissions() string {
	return often(g, pick(g, allowGet, allowPut), allowGet, padded(1500), padded(4400), padded(6145), `{"Version":`, `{"Version":"2012-10-17","Statement":[]}`, trustAnyone)
}

func (g *generator) trust() string {
	if g.IntN(3) == 0 {
		return pick(g, naming(arnAlice), naming(arnReader), naming(arnAlice, arnReader, arnBob))
	}
	if g.IntN(6) > 0 {
		return trustAnyone
	}
	return pick(g, allowGet, `{"Version":`, `{"Version":"2012-10-17","Statement":[]}`, naming("111122223333")+strings.Repeat("\n", 3000),
		strings.Replace(trustAnyone, `"Effect"`, `"Sid": "`+strings.Repeat("a", 2000)+`", "Effect"`, 1),
		strings.Replace(trustAnyone, "sts:AssumeRole", "s3:GetObject", 1))
}

func (g *generator) tags() []iam.Tag {
	var tags []iam.Tag
	for range g.IntN(3) {
		tags = append(tags, iam.Tag{Key: pick(g, "team", "Team", "cost", "k7", "K7"), Value: pick(g, "", "blue", "Red")})
	}
	if g.rarely() {
		tags = append(tags, iam.Tag{Key: pick(g, "aws:own", "", strings.Repeat("k", 129))})
	}
	return tags
}

// someTags is tags for the calls that must have some.
func (g *generator) someTags() []iam.Tag { return append([]iam.Tag{}, g.tags()...) }

func (g *generator) tagKeys() []string {
	return []string{pick(g, "team", "TEAM", "cost", "k7", "none")}
}

// identity is a role, user or group.
func (g *generator) identity() iam.IdentityName {
	if g.IntN(3) == 0 {
		return iam.OfGroup(g.groupName())
	}
	return g.bearer()
}

// bearer is a role or user, which have what groups have not: tags and boundaries.
func (g *generator) bearer() iam.IdentityName {
	if g.IntN(2) == 0 {
		return iam.OfUser(g.userName())
	}
	return iam.OfRole(g.roleName())
}

func (g *generator) accessKey() string { return "#" + strings.Repeat("i", g.IntN(3)) }

func (g *generator) maybeUser() *string {
	if g.rarely() {
		return nil
	}
	return new(g.userName())
}

// keyHolder is the user of an access key, or "" for the caller.
func (g *generator) keyHolder() string {
	if name := g.maybeUser(); name != nil {
		return *name
	}
	return ""
}

// full is n tags of different keys.
func full(n int) []iam.Tag {
	var tags []iam.Tag
	for i := range n {
		tags = append(tags, iam.Tag{Key: fmt.Sprint("k", i), Value: "v"})
	}
	return tags
}
