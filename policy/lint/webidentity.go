package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// provider is an identity provider that a trust policy names.
type provider struct {
	policy.Text
	issuer string // the URL without https://; empty: a SAML provider
	arn    policy.ARN
}

// knownIssuers are providers that AWS knows without an ARN.
var knownIssuers = []string{"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}

// sharedIssuers serve everybody from one issuer, and the claim that tells their customers apart. IAM refuses new trust policies that do not ask for
// it (IAM User Guide, "Identity-provider controls for shared OIDC providers").
var sharedIssuers = map[string]string{
	"token.actions.githubusercontent.com":                "sub",
	"vstoken.actions.githubusercontent.com":              "sub",
	"oidc-configuration.audit-log.githubusercontent.com": "sub",
	"gitlab.com":                     "sub",
	"app.terraform.io":               "sub",
	"agent.buildkite.com":            "sub",
	"oidc.codefresh.io":              "sub",
	"studio.datachain.ai/api":        "sub",
	"scalr.io":                       "sub",
	"tokens.cloud.shisho.dev":        "sub",
	"proidc.upbound.io":              "sub",
	"oidc.vercel.com":                "aud",
	"api.pulumi.com/oidc":            "aud",
	"sandboxes.cloud":                "aud",
	"cognito-identity.amazonaws.com": "aud",
}

// commonClaims are those that every OIDC provider's tokens may have as condition keys (IAM User Guide, "Available keys for AWS OIDC federation").
var commonClaims = []string{"amr", "aud", "azp", "email", "oaud", "sub"}

const (
	webIdentityAction = "sts:assumerolewithwebidentity"
	samlAction        = "sts:assumerolewithsaml"
)

// checkWebIdentity looks at a statement of a trust policy that lets identity providers' identities in.
func (c *checker) checkWebIdentity(s *statement) {
	if c.kind != Trust || s.Denies() || s.Principal == nil || s.Principal.Not {
		return
	}
	var issuers, saml []provider
	for _, p := range providersOf(s.Principal) {
		if p.issuer != "" {
			issuers = append(issuers, p)
		} else if strings.HasPrefix(p.arn.Resource, "saml-provider/") {
			saml = append(saml, p)
		}
	}
	c.checkActionsOfProviders(s, issuers, saml)
	for _, p := range issuers {
		c.checkProvider(p)
	}
	if len(issuers) > 0 && s.lists(webIdentityAction) {
		c.checkIssuers(s, issuers)
		c.checkClaims(s, issuers)
	}
	c.checkSessionActions(s)
}

func providersOf(element *policy.PrincipalElement) []provider {
	var found []provider
	for _, list := range element.Types {
		if list.Type != "Federated" {
			continue
		}
		for _, text := range list.Values {
			p := provider{Text: text}
			if arn, err := policy.ParseARN(text.Value); err == nil {
				p.arn = arn
				p.issuer, _ = strings.CutPrefix(arn.Resource, "oidc-provider/")
				if p.issuer == arn.Resource {
					p.issuer = ""
				}
			} else {
				p.issuer = text.Value
			}
			found = append(found, p)
		}
	}
	return found
}

// checkActionsOfProviders asks for the action that belongs to each type of provider.
func (c *checker) checkActionsOfProviders(s *statement, issuers, saml []provider) {
	web, federated := s.lists(webIdentityAction), s.lists(samlAction)
	if len(issuers) > 0 && !web {
		c.report("T14", s.Action.Position, "write sts:AssumeRoleWithWebIdentity", "an OIDC provider's identities come with sts:AssumeRoleWithWebIdentity")
	}
	if len(saml) > 0 && !federated || len(saml) == 0 && slices.ContainsFunc(s.Action.Values, isExactly(samlAction)) {
		c.report("saml-action", s.Action.Position, "", "a SAML provider and sts:AssumeRoleWithSAML go together")
	}
	if len(issuers) == 0 && slices.ContainsFunc(s.Action.Values, isExactly(webIdentityAction)) {
		c.report("T15", s.Principal.Position, `write "Principal": {"Federated": "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER"}`, "sts:AssumeRoleWithWebIdentity is for an OIDC provider's identities")
	}
}

func isExactly(action string) func(policy.Text) bool {
	return func(t policy.Text) bool { return strings.EqualFold(t.Value, action) }
}

// checkProvider looks at a provider's ARN alone.
func (c *checker) checkProvider(p provider) {
	if p.arn == (policy.ARN{}) && !slices.Contains(knownIssuers, strings.ToLower(p.issuer)) {
		c.report("T15", p.Position, "write arn:aws:iam::ACCOUNT:oidc-provider/"+shown(p.issuer), "AWS knows no provider by the name %s alone", shown(p.issuer))
		return
	}
	if hasPrefixFold(p.issuer, "https:") || hasPrefixFold(p.issuer, "http:") {
		c.report("T05", p.Position, "leave https:// out", "the ARN of an OIDC provider has its URL without the scheme")
	}
	rest, eks := strings.CutPrefix(p.issuer, "oidc.eks.")
	if region, _, ok := strings.Cut(rest, "."); eks && ok && p.arn.Partition != "" {
		if partition, known := policy.PartitionOfRegion(region); known && partition.ID != p.arn.Partition {
			c.report("T09", p.Position, "write arn:"+partition.ID+":…", "%s is a region of %s, not of %s", region, partition.ID, shown(p.arn.Partition))
		}
	}
}

// checkIssuers compares the issuers of condition keys with the providers.
func (c *checker) checkIssuers(s *statement, issuers []provider) {
	asked := map[string]bool{}
	for _, entry := range s.Conditions {
		key := entry.Key.Value
		if hasPrefixFold(key, "https://") || hasPrefixFold(key, "http://") {
			c.report("T04", entry.Key.Position, "leave https:// out", "condition keys have the issuer without the scheme: no token has this one")
			continue
		}
		if !isClaim(key) {
			continue
		}
		issuer, claim, _ := cutLast(key, ":")
		known := slices.ContainsFunc(issuers, func(p provider) bool { return strings.EqualFold(strings.TrimSuffix(p.issuer, "/"), issuer) })
		switch {
		case !known:
			c.report("T06", entry.Key.Position, "the provider's is "+shown(issuers[0].issuer), "no token of the provider has a claim of %s", shown(issuer))
		case needsKey(entry):
			asked[strings.ToLower(issuer)] = true
		}
		_, shared := sharedIssuers[strings.ToLower(issuer)]
		if known && !shared && !slices.Contains(knownIssuers, strings.ToLower(issuer)) && !slices.Contains(commonClaims, strings.ToLower(claim)) {
			c.report("T18", entry.Key.Position, "use sub, aud or amr", "STS makes no condition key of the claim %s of such an issuer", shown(claim))
		}
	}
	if len(asked) > 1 {
		c.report("T13", s.Position, "one statement for each provider", "a token has the claims of one issuer, and this asks for those of several")
	}
	if len(issuers) > 1 && len(asked) == 1 {
		for _, p := range issuers {
			if !asked[strings.ToLower(p.issuer)] {
				c.report("S12", p.Position, "one statement for each provider", "nothing is asked of the tokens of %s", shown(p.issuer))
			}
		}
	}
}

// neverPresent are keys of callers with credentials, which a web identity has none of.
var neverPresent = []string{"sts:ExternalId", "aws:PrincipalTag/", "aws:PrincipalOrgID"}

// checkClaims asks of each provider's claims whether they let in who was meant.
func (c *checker) checkClaims(s *statement, issuers []provider) {
	for _, entry := range s.Conditions {
		if needsKey(entry) && slices.ContainsFunc(neverPresent, func(k string) bool { return hasPrefixFold(entry.Key.Value, k) }) {
			c.report("T18", entry.Key.Position, "remove it", "an exchange of a web identity has no %s", shown(entry.Key.Value))
		}
	}
	for _, p := range issuers {
		claims := map[string][]policy.ConditionEntry{}
		any := false
		for _, entry := range s.Conditions {
			issuer, claim, ok := cutLast(entry.Key.Value, ":")
			if ok && isClaim(entry.Key.Value) {
				any = true
				if strings.EqualFold(issuer, p.issuer) {
					claim = strings.ToLower(claim)
					claims[claim] = append(claims[claim], entry)
				}
			}
		}
		switch {
		case len(claims) == 0 && any: // of another issuer: T04, T06 or S12
		case len(claims) == 0 && len(s.Conditions) == 0:
			c.report("S01", p.Position, "ask for "+shown(p.issuer)+":sub and :aud", "every token of the provider lets its bearer in")
		default:
			c.checkIdentity(p, claims)
		}
	}
}

// checkIdentity looks at what is asked of one issuer's claims.
func (c *checker) checkIdentity(p provider, claims map[string][]policy.ConditionEntry) {
	issuer := strings.ToLower(p.issuer)
	needed, shared := sharedIssuers[issuer]
	if shared && !slices.ContainsFunc(claims[needed], narrows) {
		c.report("shared-issuer", p.Position, "ask for "+shown(p.issuer)+":"+needed, "%s serves everybody, and nothing that it cannot give to anybody is asked for", shown(p.issuer))
	}
	if !shared && !slices.Contains(knownIssuers, issuer) {
		if len(claims["sub"]) == 0 {
			c.report("S02", p.Position, "ask for "+shown(p.issuer)+":sub", "every identity of the provider is let in")
		}
		if len(claims["aud"]) == 0 {
			c.report("S03", p.Position, "ask for "+shown(p.issuer)+":aud", "tokens that were made for others are taken too")
		}
	}
	for _, entry := range claims["sub"] {
		c.checkClaimOperator(entry, len(claims["sub"]) == 1)
		for _, value := range entry.Values {
			c.checkSubject(issuer, entry, value)
		}
	}
	for _, entry := range claims["aud"] {
		c.checkClaimOperator(entry, false)
		for _, value := range entry.Values {
			c.checkAudience(entry, value)
		}
	}
}

// narrows tells whether a condition asks for a value that not everybody has.
func narrows(entry policy.ConditionEntry) bool {
	return needsKey(entry) && entry.Operator.Type == policy.StringOperator && !entry.Operator.Negated &&
		!slices.ContainsFunc(entry.Values, func(v policy.Text) bool {
			return strings.Trim(v.Value, "*?") == "" || strings.HasPrefix(v.Value, "repo:*")
		})
}

// checkClaimOperator finds operators that hold of everybody.
func (c *checker) checkClaimOperator(entry policy.ConditionEntry, only bool) {
	o, at, key := entry.Operator, entry.Key.Position, shown(entry.Key.Value)
	switch {
	case o.Type == policy.NullOperator && only && !listsTrue(entry):
		c.report("S09", at, "ask for the subject that is meant", "every token has a subject")
	case o.IfExists:
		c.report("S08", at, "remove IfExists", "where the token has no %s, %s holds", key, o.Name)
	case o.Negated:
		c.report("S10", at, "ask for those that are meant", "%s lets in everybody else, and whoever comes later", o.Name)
	}
}
