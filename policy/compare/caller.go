package compare

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// caller is someone who stands for all whom the documents cannot tell from him. The zero value is for identity policies, which name nobody.
type caller struct {
	principal policy.Principal
	stance    *stance
	unaskable bool                // no request of `irsa simulate` can name him
	heard     map[*statement]bool // the statements whose Principal or NotPrincipal is about him
}

func (c caller) named(s *statement) bool { return c.stance == nil || c.heard[s] }

// stance is what policies of his own a caller has, and whether the resource belongs to another account. It decides how the resource's policy must name
// him: his account, if his own policies allow; his role, if his boundary does; or himself.
type stance struct {
	kind     policy.Kind // of the document: Trust or Resource
	identity bool        // his policies allow everything; else nothing
	boundary boundary
	across   bool // the resource is another account's
}

type boundary uint8

const (
	noBoundary boundary = iota
	boundaryAll
	boundaryNone
)

// stances are all that policies of resources can tell apart, the most ordinary first. Within an account a role's trust policy must allow beside the
// caller's own policies, and other policies need not: there it is across accounts that they must.
func stances(kind policy.Kind) []*stance {
	across := kind == policy.Resource
	return []*stance{{kind, true, noBoundary, across}, {kind, true, boundaryAll, across}, {kind, false, noBoundary, false}, {kind, false, boundaryAll, false},
		{kind, false, boundaryNone, false}}
}

// owner is the account of the resource in the caller's stance.
func (c caller) owner() string {
	switch account := c.principal.Account; {
	case account == "":
		return ownAccount
	case !c.stance.across:
		return account
	case account == ownAccount:
		return "444455556666"
	}
	return ownAccount
}

// beside are the policies that stand beside a document when a request is decided.
type beside struct {
	compiled map[string]*policy.Policy // by their text
}

const allowEverything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// compile is for texts of this package's own making.
func (b *beside) compile(source string, kind policy.Kind) *policy.Policy {
	if p := b.compiled[source]; p != nil {
		return p
	}
	p, err := compiled(source, kind)
	if err != nil {
		panic(err)
	}
	b.compiled[source] = p
	return p
}

func compiled(source string, kind policy.Kind) (*policy.Policy, error) {
	document, err := policy.Parse([]byte(source))
	if err != nil {
		return nil, err
	}
	return policy.Compile("beside", document, policy.Options{Kind: kind})
}

// trusting is a role's trust policy, sharing a key's policy, that leave everything to the account's own policies.
func trusting(account string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:*"}]}`
}

func sharing(account string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"kms:*","Resource":"*"}]}`
}

// roleResource is the role whose trust policies are compared. It is in its caller's account, where a trust policy tells most apart.
func roleResource(account string) string {
	if account == "" {
		account = ownAccount
	}
	return "arn:aws:iam::" + account + ":role/role"
}

// callers are someone for everyone whom the statements name, and strangers of each kind, in every stance; of those about whom the same statements are,
// the first.
func (c *comparison) callers(statements []*statement) []caller {
	elements := map[string]*policy.Policy{}
	var callers []caller
	known := map[string]bool{}
	for _, who := range people(statements) {
		for i, stance := range stances(c.options.Kind) {
			if i > 0 && !signs(who.principal) {
				continue // no policies of his own
			}
			next := caller{principal: who.principal, unaskable: who.unaskable, stance: stance, heard: map[*statement]bool{}}
			key := ""
			for number, s := range statements {
				if !c.b.spend(50) {
					return callers
				}
				if next.heard[s] = c.hears(next, s, elements); next.heard[s] {
					key += fmt.Sprint(",", number)
				}
			}
			if !known[key] {
				known[key] = true
				callers = append(callers, next)
			}
		}
	}
	return callers
}

func signs(p policy.Principal) bool {
	switch p.Type {
	case policy.WebIdentity, policy.Service, policy.Anonymous:
		return false
	}
	return true
}

// hears asks the engine whether the statement's principals are about the caller: whether the statement, without its conditions, decides.
func (c *comparison) hears(who caller, s *statement, elements map[string]*policy.Policy) bool {
	source := c.principalPolicy(s)
	p, ok := elements[source]
	if !ok {
		p, _ = compiled(source, c.options.Kind) // its element has compiled before
		elements[source] = p
	}
	if p == nil {
		c.doubt("a Principal element that cannot be asked about on its own")
		return false
	}
	a := attempt{action: "sts:AssumeRole", resource: roleResource(who.principal.Account), who: who}
	if c.options.Kind == policy.Resource {
		a.action, a.resource = "any:Any", "*"
	}
	decision := c.beside.policies(a, p).Decide(a.request())
	effect := decision.Effect
	if decision.Undecided() {
		c.doubt(tooLarge)
	}
	if s.view.Denies() {
		return effect == policy.ExplicitlyDenied
	}
	return effect == policy.Allowed
}

func (c *comparison) principalPolicy(s *statement) string {
	element := map[string][]string{}
	for _, list := range s.view.Principal.Types {
		for _, text := range list.Values {
			element[list.Type] = append(element[list.Type], text.Value)
		}
	}
	statement := map[string]any{"Effect": s.view.Effect.Value, s.view.Principal.Name: element, "Action": "sts:*"}
	if c.options.Kind == policy.Resource {
		statement["Action"], statement["Resource"] = "*", "*"
	}
	source, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statement}) // strings always encode
	return string(source)
}

// people are those whom the statements' principals can tell apart.
func people(statements []*statement) []caller {
	accounts, partitions := []string{ownAccount}, []string{"aws", "aws-cn"} // a stranger's partition beside the one that is named
	var named, others []string
	var ids []caller
	for _, s := range statements {
		for _, list := range s.view.Principal.Types {
			for _, text := range list.Values {
				p, err := policy.ParsePrincipal(text.Value)
				switch arn, notARN := policy.ParseARN(text.Value); {
				case err == nil:
					named = append(named, text.Value)
					if p.Account != "" {
						accounts = append(accounts, p.Account)
					}
					if notARN == nil {
						partitions = append(partitions, arn.Partition)
					}
				case list.Type == "AWS" && text.Value != "*":
					ids = append(ids, identified(text.Value))
				case list.Type == "Federated":
					others = append(others, text.Value)
				}
			}
		}
	}
	for stranger := 0; ; stranger++ {
		if account := fmt.Sprintf("4444%08d", stranger); !slices.Contains(accounts, account) {
			accounts = append(accounts, account)
			break
		}
	}
	return append(askable(named, others, sortedUnique(accounts), sortedUnique(partitions)), ids...)
}

// identified is whom a principal element names by unique id, or as an origin access identity of CloudFront.
func identified(id string) caller {
	p, _ := policy.ParsePrincipal("arn:aws:iam::" + ownAccount + ":user/openirsa-identified") // an ARN of the right form always parses
	if strings.HasPrefix(id, "AROA") {
		p, _ = policy.ParsePrincipal("arn:aws:iam::" + ownAccount + ":role/openirsa-identified")
	}
	if p.ID = id; strings.HasPrefix(id, "arn:") {
		p.ID, p.ARN = "", id
	}
	return caller{principal: p, unaskable: true}
}

func askable(named, federated, accounts, partitions []string) []caller {
	var people []caller
	add := func(texts ...string) {
		for _, text := range texts {
			if p, err := policy.ParsePrincipal(text); err == nil && p.Type != policy.Root {
				people = append(people, caller{principal: p})
			}
		}
	}
	for _, text := range named {
		p, _ := policy.ParsePrincipal(text) // it has parsed before
		if add(text); p.Type == policy.Role {
			arn, _ := policy.ParseARN(text)
			name := text[strings.LastIndexByte(text, '/')+1:]
			add("arn:" + arn.Partition + ":sts::" + arn.Account + ":assumed-role/" + name + "/openirsa-session")
		}
	}
	for _, account := range accounts {
		for _, partition := range partitions {
			at := "arn:" + partition
			add(at+":sts::"+account+":assumed-role/openirsa-stranger/session", at+":iam::"+account+":user/openirsa-stranger",
				at+":iam::"+account+":role/openirsa-stranger", at+":sts::"+account+":federated-user/openirsa-stranger")
		}
	}
	add("arn:aws:iam::"+ownAccount+":oidc-provider/stranger.openirsa.internal", "openirsa-stranger.amazonaws.com")
	people = append(people, caller{principal: policy.Principal{Type: policy.Anonymous}})
	for _, text := range slices.Compact(slices.Sorted(slices.Values(federated))) {
		people = append(people, caller{principal: policy.Principal{Type: policy.WebIdentity, ARN: text}, unaskable: true})
	}
	return people
}
