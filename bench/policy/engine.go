package main

import (
	"fmt"
	"iter"
	"net/netip"
	"strings"

	"github.com/cedar-policy/cedar-go"
	minio "github.com/minio/pkg/v3/policy"

	"github.com/openirsa/openirsa/policy"
)

// engine is one of those that are compared, used as its documentation has it: rules are compiled once, a request is put into
// the engine's terms once, and only then is it decided, again and again.
type engine struct {
	name     string
	document func([]rule) string
	compile  func(document string) (any, error) // for the cost of it, and its size
	// decider compiles the rules and returns what answers the request. It may go another way than compile, to the same result.
	decider func([]rule, request) (func() bool, error)
}

// engines are ours and then the peers.
var engines = []engine{
	{"ours", iamDocument, func(document string) (any, error) { return compileOurs(document) }, decideOurs},
	{"minio/pkg", iamDocument, func(document string) (any, error) { return minio.ParseConfig(strings.NewReader(document)) }, decideMinIO},
	{"cedar-go", cedarDocument, func(document string) (any, error) { return cedar.NewPolicySetFromBytes("", []byte(document)) }, decideCedar},
}

func compileOurs(document string) (*policy.Policy, error) {
	parsed, err := policy.Parse([]byte(document))
	if err != nil {
		return nil, err
	}
	return policy.Compile("policy", parsed, policy.Options{Kind: policy.Identity})
}

func decideOurs(rules []rule, r request) (func() bool, error) {
	compiled, err := compileOurs(iamDocument(rules))
	if err != nil {
		return nil, err
	}
	keys := &policy.Context{}
	keys.Set("aws:Referer", r.site)
	keys.Set("aws:UserAgent", r.agent)
	keys.Set("aws:SourceIp", r.address)
	keys.Set("aws:SecureTransport", fmt.Sprint(r.secure))
	const account = "111122223333"
	question := &policy.Request{
		Principal: policy.Principal{Type: policy.User, ARN: "arn:aws:iam::" + account + ":user/" + r.user, Account: account, ID: "AIDAEXAMPLEEXAMPLE00"},
		Action:    r.action,
		Resource:  "arn:aws:s3:::" + r.bucket + "/" + r.folder + "/object",
		Context:   keys,
	}
	policies := policy.Policies{Identity: []*policy.Policy{compiled}}
	return func() bool { return policies.Decide(question).Allowed() }, nil
}

// decideMinIO reads the rules in parts: the parser compares every two statements of a document, which takes 10,000 of them a
// third of a minute.
func decideMinIO(rules []rule, r request) (func() bool, error) {
	whole := minio.Policy{Version: minio.DefaultVersion}
	for len(rules) > 0 {
		count := min(len(rules), 500)
		part, err := minio.ParseConfig(strings.NewReader(iamDocument(rules[:count])))
		if err != nil {
			return nil, err
		}
		whole.Statements = append(whole.Statements, part.Statements...)
		rules = rules[count:]
	}
	question := minio.Args{
		AccountName: r.user, Action: minio.Action(r.action), BucketName: r.bucket, ObjectName: r.folder + "/object",
		ConditionValues: map[string][]string{
			"username": {r.user}, "Referer": {r.site}, "UserAgent": {r.agent}, "SourceIp": {r.address}, "SecureTransport": {fmt.Sprint(r.secure)},
		},
	}
	return func() bool { return whole.IsAllowed(question) }, nil
}

// cedarPolicies is a cedar.PolicyIterator over a slice, which is faster than cedar.PolicySet's map.
type cedarPolicies struct {
	ids      []cedar.PolicyID
	policies cedar.PolicyList
}

// All yields the policies in their order.
func (p *cedarPolicies) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i, policy := range p.policies {
			if !yield(p.ids[i], policy) {
				return
			}
		}
	}
}

func decideCedar(rules []rule, r request) (func() bool, error) {
	list, err := cedar.NewPolicyListFromBytes("", []byte(cedarDocument(rules)))
	if err != nil {
		return nil, err
	}
	policies := &cedarPolicies{policies: list}
	for i := range list {
		policies.ids = append(policies.ids, cedar.PolicyID(fmt.Sprintf("policy%d", i)))
	}
	from, err := netip.ParseAddr(r.address)
	if err != nil {
		return nil, err
	}
	caller, object, parent := cedar.NewEntityUID("User", cedar.String(r.user)), cedar.NewEntityUID("Object", cedar.String(r.bucket+"/"+r.folder+"/object")),
		cedar.NewEntityUID("Bucket", cedar.String(r.bucket))
	entities := cedar.EntityMap{
		caller: {UID: caller, Attributes: cedar.NewRecord(cedar.RecordMap{"name": cedar.String(r.user)})},
		object: {UID: object, Parents: cedar.NewEntityUIDSet(parent), Attributes: cedar.NewRecord(cedar.RecordMap{"folder": cedar.String(r.folder)})},
		parent: {UID: parent},
	}
	question := cedar.Request{
		Principal: caller, Action: cedar.NewEntityUID("Action", cedar.String(r.action)), Resource: object,
		Context: cedar.NewRecord(cedar.RecordMap{
			"referer": cedar.String(r.site), "userAgent": cedar.String(r.agent), "secureTransport": cedar.Boolean(r.secure),
			"sourceIp": cedar.IPAddr(netip.PrefixFrom(from, from.BitLen())),
		}),
	}
	return func() bool {
		decision, _ := cedar.Authorize(policies, entities, question)
		return decision == cedar.Allow
	}, nil
}
