package main

import (
	"fmt"
	"strings"
)

// rule is one statement: who may read and write the objects of one bucket. It is written in two languages.
type rule struct {
	deny        bool
	bucket      string
	home        bool // only the folder with the caller's name
	conditional bool // only from one network, over TLS, with one client, from one site
}

// The request's side of a conditional rule, and what the rule asks for.
const (
	network   = "10.0.0.0/8"
	address   = "10.1.2.3"
	agent     = "aws-sdk-go-v2/1.36"
	agentLike = "aws-sdk-*"
	site      = "https://console.example.com/"
)

// iam is the rule in the IAM policy language, which two of the engines read.
func (r rule) iam(number int) string {
	effect, folder, condition := "Allow", "", ""
	if r.deny {
		effect = "Deny"
	}
	if r.home {
		folder = "${aws:username}/"
	}
	if r.conditional {
		condition = fmt.Sprintf(`,"Condition":{"StringEquals":{"aws:Referer":[%q]},"StringLike":{"aws:UserAgent":[%q]},"IpAddress":{"aws:SourceIp":[%q]},"Bool":{"aws:SecureTransport":["true"]}}`,
			site, agentLike, network)
	}
	return fmt.Sprintf(`{"Sid":"S%d","Effect":%q,"Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::%s/%s*"]%s}`, number, effect, r.bucket, folder, condition)
}

// cedar is the rule in Cedar's language, as its guides write such rules: buckets contain objects, callers and objects have
// attributes.
func (r rule) cedar() string {
	effect, conditions := "permit", []string{}
	if r.deny {
		effect = "forbid"
	}
	if r.home {
		conditions = append(conditions, "resource.folder == principal.name")
	}
	if r.conditional {
		conditions = append(conditions, fmt.Sprintf("context.referer == %q", site), fmt.Sprintf("context.userAgent like %q", agentLike),
			fmt.Sprintf("context.sourceIp.isInRange(ip(%q))", network), "context.secureTransport")
	}
	when := ""
	if len(conditions) > 0 {
		when = " when { " + strings.Join(conditions, " && ") + " }"
	}
	return fmt.Sprintf(`%s (principal, action in [Action::"s3:GetObject", Action::"s3:PutObject"], resource in Bucket::%q)%s;`, effect, r.bucket, when)
}

// iamDocument is a policy of all the rules.
func iamDocument(rules []rule) string {
	statements := make([]string, len(rules))
	for i, r := range rules {
		statements[i] = r.iam(i)
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// cedarDocument is a policy set of all the rules.
func cedarDocument(rules []rule) string {
	policies := make([]string, len(rules))
	for i, r := range rules {
		policies[i] = r.cedar()
	}
	return strings.Join(policies, "\n")
}

// request is one question. Each engine puts it in its own terms beforehand.
type request struct {
	user, action, bucket, folder string
	address, agent, site         string
	secure                       bool
}

func newRequest(bucket string) request {
	return request{user: "alice", action: "s3:GetObject", bucket: bucket, folder: "alice", address: address, agent: agent, site: site, secure: true}
}

// workload is a number of rules and the request that is measured on them.
type workload struct {
	name    string
	rules   func(count int) []rule
	bucket  func(count int) string // that the request is about
	allowed bool
	sizes   []int // numbers of statements
}

// 10,000 statements with four conditions each are a document of 3 MB, more than ours takes.
var (
	sizes            = []int{5, 100, 1000, 10_000}
	conditionalSizes = sizes[:3]
)

var workloads = []workload{
	{"allowed by the last statement", plain, last, true, sizes},
	{"explicitly denied by the last", denying, lastButOne, false, sizes},
	{"implicitly denied", plain, none, false, sizes},
	{"four conditions, allowed by the last", conditional, last, true, conditionalSizes},
	{"${aws:username}, allowed by the last", homes, last, true, sizes},
}

func bucket(number int) string { return fmt.Sprintf("bucket-%d", number) }

func last(count int) string       { return bucket(count - 1) }
func lastButOne(count int) string { return bucket(count - 2) }
func none(count int) string       { return bucket(count) }

// plain rules allow one bucket each.
func plain(count int) []rule {
	rules := make([]rule, count)
	for i := range rules {
		rules[i].bucket = bucket(i)
	}
	return rules
}

// denying rules allow one bucket each; the last one denies what the one before it allows.
func denying(count int) []rule {
	rules := plain(count)
	rules[count-1] = rule{deny: true, bucket: bucket(count - 2)}
	return rules
}

func conditional(count int) []rule {
	rules := plain(count)
	for i := range rules {
		rules[i].conditional = true
	}
	return rules
}

func homes(count int) []rule {
	rules := plain(count)
	for i := range rules {
		rules[i].home = true
	}
	return rules
}
