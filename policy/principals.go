package policy

import "strings"

// The types of principals in a Principal element (IAM User Guide, "IAM JSON policy elements: Principal").
const (
	principalAWS           = "AWS"
	principalService       = "Service"
	principalFederated     = "Federated"
	principalCanonicalUser = "CanonicalUser"
)

// grant is how a resource's policy names a caller, weakest first; it decides which of the caller's own policies still
// have a say in the same account (IAM User Guide, "Policy evaluation logic": resource-based policies).
type grant uint8

const (
	notNamed      grant = iota
	namedAccount        // the caller's account: delegation; its own policies must allow as well
	namedRole           // a session's role: limited by what boundary and session policy do not allow
	namedAmongAll       // everybody: as good as its own ARN to all but federated users
	namedItself         // the caller's own ARN
)

// principalPattern is one entry of a Principal element, ready to match.
type principalPattern struct {
	matches grant         // what a match means
	kind    PrincipalType // who can match; empty for everybody and for accounts
	value   string        // account id, ARN, service or unique id; empty for everybody
	byID    bool          // value is compared with the caller's unique id
	// partition of an account that was named by its root's ARN: account ids are the same twelve digits in every one.
	// Empty: any.
	partition string
	// companion: this is an account beside one of its users or roles, or a role beside one of its sessions. AWS asks for
	// both in a NotPrincipal that is meant to spare one caller, and documents that only that one is spared.
	companion bool
}

// principalSet is a compiled Principal or NotPrincipal element.
type principalSet struct {
	not      bool
	patterns []principalPattern
	element  *principalElement
}

// match is the strongest way in which the set names the caller; for NotPrincipal, namedItself if it spares nobody like it.
func (s *principalSet) match(e *evaluation) grant {
	strongest := notNamed
	e.left.spend(len(s.patterns) * (1 + (len(e.request.Principal.ARN)+len(e.request.Principal.RoleARN))/comparedPerStep))
	for i := range s.patterns {
		p := &s.patterns[i]
		if p.matches > strongest && !(s.not && p.companion) && p.match(&e.request.Principal) {
			strongest = p.matches
		}
	}
	if !s.not {
		return strongest
	}
	// AWS documents that NotPrincipal with Deny always denies a caller that has a permissions boundary, whoever is named.
	if strongest == notNamed || e.bounded {
		return namedItself
	}
	return notNamed
}

func (p *principalPattern) match(caller *Principal) bool {
	switch {
	case p.matches == namedAmongAll:
		return caller.Type != "" // nobody is not even part of everybody
	case p.matches == namedAccount:
		return caller.hasCredentials() && caller.Account == p.value && (p.partition == "" || inPartition(caller.ARN, p.partition))
	case p.byID:
		return p.value != "" && p.value == caller.ID && (caller.Type == User || caller.Type == Role || caller.Type == AssumedRole)
	case p.kind == Role:
		return (caller.Type == AssumedRole || caller.Type == Role) && sameRole(p.value, caller)
	}
	return caller.Type == p.kind && caller.ARN == p.value
}

// sameRole compares a role's ARN with the caller's role. The caller's is without path when it comes from a session's ARN;
// then account and name decide, which IAM keeps unique whatever the path.
func sameRole(arn string, caller *Principal) bool {
	if arn == caller.RoleARN {
		return true
	}
	account, path, _ := strings.Cut(caller.RoleARN, ":role/")
	if caller.Type == Role || strings.Contains(path, "/") {
		return false
	}
	return strings.HasPrefix(arn, account+":role/") && lastElement(arn) == path
}

// everybody tells whether the element is "Principal": "*".
func (p *principalElement) everybody() bool {
	return !p.not && len(p.types) == 1 && p.types[0].kind == principalAWS && len(p.types[0].texts) == 1 && p.types[0].texts[0].value == "*"
}

// compilePrincipals reads a statement's Principal element.
func compilePrincipals(place place, s *statementElement, options Options) (*principalSet, *Error) {
	set := &principalSet{not: s.principal.not, element: s.principal}
	for _, list := range s.principal.types {
		for _, text := range list.texts {
			if list.kind == principalCanonicalUser && s.deny && !s.principal.not {
				return nil, place.errorf(text.offset, badSyntax, "a Deny for a canonical user: which account has that id is not known here, so that it would deny nobody")
			}
			pattern, ok := compilePrincipal(list.kind, text.value, options.PrincipalIDs)
			if options.Kind == Resource && list.kind == principalAWS && isOriginAccessIdentity(text.value) {
				pattern, ok = principalPattern{matches: namedItself, kind: User, value: text.value}, true
			}
			if !ok {
				return nil, place.errorf(text.offset, both(stageSyntax, "Invalid principal in policy: %q:%q", list.kind, text.value),
					"%q is not a principal of type %s", text.value, list.kind)
			}
			set.patterns = append(set.patterns, pattern)
		}
	}
	set.markCompanions()
	return set, nil
}

func (s *principalSet) markCompanions() {
	if !s.not {
		return
	}
	within := map[string]bool{} // accounts of which an entity is listed, and roles of which a session is
	for _, list := range s.element.types {
		for _, text := range list.texts {
			named, err := ParsePrincipal(text.value)
			if err != nil || list.kind != principalAWS || named.Type == Root {
				continue
			}
			within[named.Account] = true
			if named.Type == AssumedRole {
				within[named.Account+"/"+lastElement(named.RoleARN)] = true
			}
		}
	}
	i := 0
	for _, list := range s.element.types {
		for _, text := range list.texts {
			named, err := ParsePrincipal(text.value)
			if err == nil {
				s.patterns[i].companion = named.Type == Root && within[named.Account] ||
					named.Type == Role && within[named.Account+"/"+lastElement(named.ARN)]
			}
			i++
		}
	}
}

// compilePrincipal reads one principal. No wildcard is allowed but "*" alone: part of a name cannot be matched. Canonical
// user ids are S3's names of accounts; which account has which is not known here, so that they name nobody.
func compilePrincipal(kind, value string, ids map[string]string) (principalPattern, bool) {
	if strings.ContainsAny(value, "*?") {
		return principalPattern{matches: namedAmongAll}, kind == principalAWS && value == "*"
	}
	switch kind {
	case principalAWS:
		return compileAWSPrincipal(value, ids)
	case principalService:
		return principalPattern{matches: namedItself, kind: Service, value: value}, isServicePrincipal(value)
	case principalFederated:
		return principalPattern{matches: namedItself, kind: WebIdentity, value: value}, isFederated(value)
	case principalCanonicalUser:
		return principalPattern{matches: namedAccount, value: value}, isCanonicalUser(value)
	}
	return principalPattern{}, false
}

func compileAWSPrincipal(value string, ids map[string]string) (principalPattern, bool) {
	if isUniqueID(value) {
		matches := namedItself
		if strings.HasPrefix(value, "AROA") {
			matches = namedRole
		}
		return principalPattern{matches: matches, value: value, byID: true}, true
	}
	named, err := ParsePrincipal(value)
	if err != nil {
		return principalPattern{}, false
	}
	pattern := principalPattern{matches: namedItself, kind: named.Type, value: value}
	switch named.Type {
	case Root:
		pattern := principalPattern{matches: namedAccount, value: named.Account}
		if arn, err := ParseARN(value); err == nil {
			pattern.partition = arn.Partition
		}
		return pattern, true
	case Role:
		pattern.matches = namedRole
	case User, AssumedRole, FederatedUser:
	default:
		return principalPattern{}, false
	}
	if ids != nil && namesEntity(value) {
		pattern.value, pattern.byID = ids[value], true
	}
	return pattern, true
}

// namesEntity tells whether an AWS principal is a user or a role, which IAM saves by unique id.
func namesEntity(value string) bool {
	named, err := ParsePrincipal(value)
	return err == nil && (named.Type == User || named.Type == Role)
}

// isUniqueID tells whether value is what AWS shows in place of a principal that was deleted.
func isUniqueID(value string) bool {
	if len(value) < 16 || !strings.HasPrefix(value, "AIDA") && !strings.HasPrefix(value, "AROA") {
		return false
	}
	return strings.Trim(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// isOriginAccessIdentity tells whether value names an identity of CloudFront, which policies of buckets may allow to read (Amazon CloudFront Developer
// Guide, "Use an origin access identity"). Nobody calls as one here, so that it names nobody.
func isOriginAccessIdentity(value string) bool {
	arn, err := ParseARN(value)
	id, ok := strings.CutPrefix(arn.Resource, "user/CloudFront Origin Access Identity ")
	return err == nil && arn.Service == "iam" && arn.Region == "" && arn.Account == "cloudfront" && ok &&
		id != "" && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// isCanonicalUser tells whether value has the form of a canonical user id: 64 hexadecimal digits (AWS General Reference, "AWS account identifiers").
func isCanonicalUser(value string) bool {
	return len(value) == 64 && strings.Trim(value, "0123456789abcdef") == ""
}

// isFederated tells whether value may stand under Federated: the ARN of an OIDC or SAML provider, or the host name of a
// provider that AWS knows without one (accounts.google.com, cognito-identity.amazonaws.com, …).
func isFederated(value string) bool {
	if arn, err := ParseARN(value); err == nil {
		return arn.Service == "iam" && (strings.HasPrefix(arn.Resource, "oidc-provider/") || strings.HasPrefix(arn.Resource, "saml-provider/"))
	}
	return strings.Contains(value, ".") && !strings.ContainsAny(value, ":/ ")
}
