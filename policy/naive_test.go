package policy_test

import (
	"encoding/json"
	"slices"
	"strings"
)

// naive is the policy language once more, as slowly and plainly as AWS's documents read: over decoded JSON, without an
// index, one function for each rule, sharing no code with the engine. It decides one case of irsa simulate. Documents are
// taken to be well formed.
type naive struct {
	action, resource, resourceAccount string
	wildcardOnly                      bool
	anyResource                       bool
	context                           map[string]any // by lower-case name; a string or a []any
	caller                            naiveCaller
	policies                          map[string]any
	seen                              func(operator string, holds bool) // may be nil; told of every condition
	variables                         bool                              // the statement at hand is of a version that has them
}

// naiveCaller is the principal of a request.
type naiveCaller struct{ kind, arn, account, role, name string }

// newNaive reads a case. table answers where the case does not say whether its action has resource-level permissions.
func newNaive(line []byte, table func(action string) bool) naive {
	var c struct {
		Request struct {
			Principal                         any
			Action, Resource, ResourceAccount string
			Context                           map[string]any
			WildcardOnlyAction                *bool
			AnyResource                       bool
		}
		Policies map[string]any
	}
	decoder := json.NewDecoder(strings.NewReader(string(line)))
	decoder.UseNumber()
	if err := decoder.Decode(&c); err != nil {
		panic(err)
	}
	r := c.Request
	n := naive{action: r.Action, resource: r.Resource, resourceAccount: r.ResourceAccount, context: map[string]any{}, policies: c.Policies, caller: naivePrincipal(r.Principal), anyResource: r.AnyResource}
	for key, value := range r.Context {
		n.context[strings.ToLower(key)] = value
	}
	if r.WildcardOnlyAction != nil {
		n.wildcardOnly = *r.WildcardOnlyAction
	} else if table != nil {
		n.wildcardOnly = table(r.Action)
	}
	return n
}

// naivePrincipal reads a principal as simulate writes it (IAM User Guide, "IAM identifiers").
func naivePrincipal(value any) naiveCaller {
	text, ok := value.(string)
	if !ok {
		return naiveCaller{kind: "anonymous"}
	}
	part := strings.SplitN(text, ":", 6)
	if len(part) == 1 {
		if isTwelveDigits(text) {
			return naiveCaller{kind: "root", account: text, arn: "arn:aws:iam::" + text + ":root"}
		}
		return naiveCaller{kind: "service", arn: text}
	}
	c := naiveCaller{arn: text, account: part[4]}
	path := strings.Split(part[5], "/")
	c.name = path[len(path)-1]
	switch path[0] {
	case "assumed-role":
		c.kind, c.role = "session", "arn:aws:iam::"+c.account+":role/"+path[1]
	case "oidc-provider":
		c.kind, c.account = "web identity", ""
	default:
		c.kind = map[string]string{"user": "user", "role": "role", "federated-user": "federated user", "root": "root"}[path[0]]
	}
	return c
}

func isTwelveDigits(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// hasAccount: services, web identities and anonymous callers have no account, and so no policies of their own.
func (c naiveCaller) hasAccount() bool { return c.account != "" }

// serviceLinked roles are bound neither by SCPs nor by RCPs (AWS Organizations User Guide).
func (c naiveCaller) serviceLinked() bool {
	return c.kind == "role" && strings.Contains(c.arn, ":role/aws-service-role/")
}

// decide is IAM User Guide, "Policy evaluation logic".
func (n naive) decide() string {
	switch {
	case strings.EqualFold(n.action, "sts:GetCallerIdentity") && n.caller.hasAccount():
		return "Allowed" // STS API Reference, GetCallerIdentity: no permissions are required, and a Deny has no effect
	case n.explicitlyDenied():
		return "ExplicitlyDenied"
	case n.organizationAllows() && n.endpointAllows() && n.grants():
		return "Allowed"
	}
	return "ImplicitlyDenied"
}

// explicitlyDenied: one Deny statement that applies, in any policy that does, is final.
func (n naive) explicitlyDenied() bool {
	documents := slices.Concat(list(n.policies["resource"]), list(n.policies["vpcEndpoint"]), list(n.policies["identity"]),
		list(n.policies["permissionBoundary"]), list(n.policies["session"]))
	if n.caller.hasAccount() && !n.caller.serviceLinked() {
		documents = append(documents, levels(n.policies["scp"])...)
	}
	if !n.caller.serviceLinked() {
		documents = append(documents, levels(n.policies["rcp"])...)
	}
	return slices.ContainsFunc(documents, func(d any) bool { return n.applying(d, "Deny") != "" })
}

// organizationAllows: an SCP must allow at every level from the root to the account (AWS Organizations User Guide, "SCP
// evaluation"). SCPs are about principals of accounts. RCPs can only take away: RCPFullAWSAccess, which allows everything,
// is attached to every level and cannot be detached ("RCP evaluation").
func (n naive) organizationAllows() bool {
	if !n.caller.hasAccount() || n.caller.serviceLinked() {
		return true
	}
	return !slices.ContainsFunc(list(n.policies["scp"]), func(level any) bool { return !n.allows(levels(level)) })
}

// endpointAllows: a request that comes through a VPC endpoint needs its policy's leave, too (AWS PrivateLink, "Control
// access to VPC endpoints using endpoint policies").
func (n naive) endpointAllows() bool {
	return n.policies["vpcEndpoint"] == nil || n.allows(list(n.policies["vpcEndpoint"]))
}

// grants tells whether identity and resource side together allow.
func (n naive) grants() bool {
	named := ""
	for _, document := range list(n.policies["resource"]) {
		named = n.applying(document, "Allow")
	}
	if !n.caller.hasAccount() {
		return named != ""
	}
	own := n.caller.kind == "root" || n.allows(list(n.policies["identity"])) // the root user has full access
	limits := n.unlessAbsent("permissionBoundary") && n.sessionAllows()
	switch {
	case n.owner() != n.caller.account: // "Cross-account policy evaluation logic": both accounts must allow
		return named != "" && own && limits
	case named == "itself": // user or session: implicit denials elsewhere do not matter
		return true
	case named == "everybody" && n.caller.kind != "federated user": // whom a policy has to name
		return true
	case named == "role" || named == "everybody": // boundary and session policy remain limits
		return limits
	case named == "" && n.mustBeNamed():
		return false
	}
	return own && limits
}

// sessionAllows: a federated user has nothing without a session policy (STS API Reference, "GetFederationToken").
func (n naive) sessionAllows() bool {
	return n.unlessAbsent("session") && !(n.caller.kind == "federated user" && n.policies["session"] == nil)
}

// unlessAbsent tells whether the policies of one kind allow, or there are none of it.
func (n naive) unlessAbsent(kind string) bool {
	return n.policies[kind] == nil || n.allows(list(n.policies[kind]))
}

// mustBeNamed: trust policies of roles and policies of KMS keys must allow explicitly, whatever the caller's own policies do.
func (n naive) mustBeNamed() bool {
	service, _, _ := strings.Cut(strings.ToLower(n.action), ":")
	if n.anyResource && !n.wildcardOnly {
		return service == "kms" && n.mayBe("arn:*:kms:*:*:key/*")
	}
	part := strings.SplitN(n.resource, ":", 6)
	if len(part) < 6 {
		return false
	}
	return service == "sts" && strings.HasPrefix(part[5], "role/") || service == "kms" && strings.HasPrefix(part[5], "key/")
}

// owner is the account of the resource.
func (n naive) owner() string {
	part := strings.SplitN(n.resource, ":", 6)
	switch {
	case n.resourceAccount != "":
		return n.resourceAccount
	case len(part) == 6 && isTwelveDigits(part[4]):
		return part[4]
	}
	return n.caller.account
}

// allows tells whether any statement of the documents, taken as one union, allows.
func (n naive) allows(documents []any) bool {
	return slices.ContainsFunc(documents, func(d any) bool { return n.applying(d, "Allow") != "" })
}

// applying tells how the document's statements of that effect name the caller, at best: "itself", "everybody", "role", "account",
// or "" if none of them applies.
func (n naive) applying(document any, effect string) string {
	d := document.(map[string]any)
	n.variables = d["Version"] == "2012-10-17"
	best := ""
	for _, s := range list(d["Statement"]) {
		statement := s.(map[string]any)
		if named := n.names(statement); statement["Effect"] == effect && strength(named) > strength(best) && n.matches(statement) {
			best = named
		}
	}
	return best
}

func strength(named string) int {
	return slices.Index([]string{"", "account", "role", "everybody", "itself"}, named)
}

// matches tells whether all elements but the principal do.
func (n naive) matches(statement map[string]any) bool {
	resource := n.isResource
	if n.anyResource && !n.wildcardOnly {
		_, not := statement["NotResource"] // an Allow is for all of them or for none, a Deny for any
		all := not == (statement["Effect"] == "Deny")
		resource = func(pattern string) bool { return n.isAnyResource(pattern, all) }
	}
	return n.lists(statement, "Action", n.isAction) && n.lists(statement, "Resource", resource) && n.conditionsHold(statement["Condition"])
}

// lists reads an element or its Not form; of Resource there may be neither, in trust policies.
func (n naive) lists(statement map[string]any, element string, matches func(string) bool) bool {
	one := func(pattern any) bool { return matches(pattern.(string)) }
	if patterns, ok := statement["Not"+element]; ok {
		return !slices.ContainsFunc(list(patterns), one)
	}
	patterns, ok := statement[element]
	return !ok || slices.ContainsFunc(list(patterns), one)
}

// isAction is IAM User Guide, "IAM JSON policy elements: Action": neither prefix nor name has case.
func (n naive) isAction(pattern string) bool {
	return glob(wildcards(strings.ToLower(pattern)), []rune(strings.ToLower(n.action)))
}

// isResource is IAM User Guide, "IAM JSON policy elements: Resource": an action without resource-level permissions needs *.
func (n naive) isResource(pattern string) bool {
	if pattern == "*" || n.wildcardOnly {
		return pattern == "*"
	}
	tokens, ok := n.expand(pattern, true)
	return ok && glob(arnPattern(tokens, true), []rune(n.resource))
}

// names tells how the statement names the caller. Policies that belong to the caller have no Principal and mean it.
func (n naive) names(statement map[string]any) string {
	if element, ok := statement["NotPrincipal"]; ok {
		return n.notSpared(principals(element))
	}
	element, ok := statement["Principal"]
	if !ok {
		return "itself"
	}
	best := ""
	for _, p := range principals(element) {
		if named := n.caller.namedBy(p); strength(named) > strength(best) {
			best = named
		}
	}
	return best
}

// notSpared is NotPrincipal, which goes with Deny only, and which spares no caller with a permissions boundary. An account beside
// its users or roles, and a role beside its sessions, are only companions.
func (n naive) notSpared(named [][2]string) string {
	if n.policies["permissionBoundary"] != nil {
		return "itself"
	}
	for _, p := range named {
		companion := slices.ContainsFunc(named, func(other [2]string) bool { return isCompanion(p[1], other[1]) })
		if !companion && n.caller.namedBy(p) != "" {
			return ""
		}
	}
	return "itself"
}

// isCompanion tells whether whole is the account or the role that the principal part belongs to.
func isCompanion(whole, part string) bool {
	if isTwelveDigits(part) || !strings.HasPrefix(part, "arn:") || strings.HasSuffix(part, ":root") || strings.Contains(part, "-provider/") {
		return false
	}
	entity := naivePrincipal(part)
	if isTwelveDigits(whole) || strings.HasSuffix(whole, ":root") {
		return naivePrincipal(whole).account == entity.account
	}
	return entity.kind == "session" && sameRole(whole, entity.role)
}

// principals lists a Principal element's type and value pairs.
func principals(element any) (pairs [][2]string) {
	if element == "*" {
		return [][2]string{{"AWS", "*"}}
	}
	for kind, values := range element.(map[string]any) {
		for _, value := range list(values) {
			pairs = append(pairs, [2]string{kind, value.(string)})
		}
	}
	return pairs
}

// namedBy is IAM User Guide, "AWS JSON policy elements: Principal".
func (c naiveCaller) namedBy(p [2]string) string {
	kind, value := p[0], p[1]
	account := isTwelveDigits(value) || strings.HasSuffix(value, ":root")
	switch {
	case kind == "AWS" && value == "*":
		return "everybody"
	case kind == "Service" && c.kind == "service" && c.arn == value, kind == "Federated" && c.kind == "web identity" && c.arn == value:
		return "itself"
	case kind != "AWS" || !c.hasAccount():
		return ""
	case account && naivePrincipal(value).account == c.account:
		return "account"
	case account:
		return ""
	case c.kind == "role" && c.arn == value, c.kind == "session" && sameRole(value, c.role):
		return "role"
	case c.arn == value:
		return "itself"
	}
	return ""
}

// sameRole compares by account and name, since a session's ARN lacks its role's path.
func sameRole(a, b string) bool {
	one, other := naivePrincipal(a), naivePrincipal(b)
	return one.kind == "role" && other.kind == "role" && one.account == other.account && one.name == other.name
}

// list takes one value for a list of one, and none for an empty one.
func list(value any) []any {
	if values, ok := value.([]any); ok {
		return values
	}
	if value == nil {
		return nil
	}
	return []any{value}
}

// levels are the documents of one level or a list of them.
func levels(value any) (documents []any) {
	for _, level := range list(value) {
		documents = append(documents, list(level.(map[string]any)["policies"])...)
	}
	return documents
}
