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

// stance is what policies of his own a caller has. It decides how a trust policy must name him: his account, if his own policies allow; his role, if
// his boundary does; or himself.
type stance struct {
	identity bool // they allow everything; else nothing
	boundary boundary
}

type boundary uint8

const (
	noBoundary boundary = iota
	boundaryAll
	boundaryNone
)

// stances are all that trust policies can tell apart, the most ordinary first.
func stances() []*stance {
	return []*stance{{true, noBoundary}, {true, boundaryAll}, {false, noBoundary}, {false, boundaryAll}, {false, boundaryNone}}
}

// beside are the policies that stand beside a document when a request is decided.
type beside struct {
	everything *policy.Policy
	accounts   map[string]*policy.Policy
}

const allowEverything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func newBeside() (*beside, error) {
	everything, err := compiled(allowEverything, policy.Identity)
	return &beside{everything: everything, accounts: map[string]*policy.Policy{}}, err
}

func compiled(source string, kind policy.Kind) (*policy.Policy, error) {
	document, err := policy.Parse([]byte(source))
	if err != nil {
		return nil, err
	}
	return policy.Compile("beside", document, policy.Options{Kind: kind})
}

// trust is a trust policy that leaves everything to the account's own policies.
func (b *beside) trust(account string) *policy.Policy {
	if b.accounts[account] == nil {
		b.accounts[account], _ = compiled(delegating(account), policy.Trust) // twelve digits make a policy that compiles
	}
	return b.accounts[account]
}

func delegating(account string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"sts:*"}]}`
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
		for i, stance := range stances() {
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
	source := principalPolicy(s)
	p, ok := elements[source]
	if !ok {
		p, _ = compiled(source, policy.Trust) // its element has compiled before
		elements[source] = p
	}
	if p == nil {
		c.doubt("a Principal element that cannot be asked about on its own")
		return false
	}
	a := attempt{action: "sts:AssumeRole", resource: roleResource(who.principal.Account), who: who}
	effect := a.policies(p, c.beside).Decide(a.request()).Effect
	if s.view.Denies() {
		return effect == policy.ExplicitlyDenied
	}
	return effect == policy.Allowed
}

func principalPolicy(s *statement) string {
	element := map[string][]string{}
	for _, list := range s.view.Principal.Types {
		for _, text := range list.Values {
			element[list.Type] = append(element[list.Type], text.Value)
		}
	}
	source, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{ // strings always encode
		"Effect": s.view.Effect.Value, s.view.Principal.Name: element, "Action": "sts:*"}})
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

// identified is whom a principal element names by unique id.
func identified(id string) caller {
	p, _ := policy.ParsePrincipal("arn:aws:iam::" + ownAccount + ":user/openirsa-identified") // an ARN of the right form always parses
	if strings.HasPrefix(id, "AROA") {
		p, _ = policy.ParsePrincipal("arn:aws:iam::" + ownAccount + ":role/openirsa-identified")
	}
	p.ID = id
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
