package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// tagKeys are the global keys that only some actions have.
var tagKeys = []string{"aws:ResourceTag/", "aws:RequestTag/", "aws:TagKeys"}

// sessionKeys are of one service's name, and come with the caller's credentials whatever service is called (IAM User Guide, "AWS global condition
// context keys": Properties of a role session).
var sessionKeys = []string{
	"ec2:RoleDelivery", "ec2:SourceInstanceArn", "glue:RoleAssumedBy", "glue:CredentialIssuingService", "codebuild:BuildArn", "codebuild:ProjectArn",
	"lambda:SourceFunctionArn", "ssm:SourceInstanceArn", "identitystore:UserId",
}

// keyUse is a condition with what is known of its key.
type keyUse struct {
	policy.ConditionEntry
	prefix string          // of the key, in lower case
	known  bool            // the reference has it
	entry  policy.KeyEntry // if known
	claim  bool            // it is an issuer's claim, such as oidc.example/id:sub
}

func (c *checker) keyUse(entry policy.ConditionEntry) keyUse {
	use := keyUse{ConditionEntry: entry, claim: isClaim(entry.Key.Value)}
	prefix, _, _ := strings.Cut(entry.Key.Value, ":")
	use.prefix = strings.ToLower(prefix)
	if c.reference != nil {
		use.entry, use.known = c.reference.Key(entry.Key.Value)
	}
	return use
}

// isClaim tells whether a key is that of an identity provider: its issuer and a claim.
func isClaim(key string) bool {
	issuer, _, ok := cutLast(key, ":")
	return ok && strings.ContainsAny(issuer, "./")
}

// cutLast is strings.Cut at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// checkKeys looks every condition key up, and asks whether the statement's actions have it.
func (c *checker) checkKeys(s *statement) {
	for i, entry := range s.Conditions {
		for _, before := range s.Conditions[:min(i, 200)] {
			if before.Operator.Name == entry.Operator.Name && before.Key.Value != entry.Key.Value && strings.EqualFold(before.Key.Value, entry.Key.Value) {
				c.report("duplicate-key-case", entry.Key.Position, "", "%s is there already, as %s", shown(entry.Key.Value), shown(before.Key.Value))
				break
			}
		}
		c.checkFixedKey(s, entry)
		if c.reference == nil {
			continue
		}
		use := c.keyUse(entry)
		if use.claim || use.prefix == "saml" {
			continue // of a token or an assertion: nobody has a list of them
		}
		if !use.known {
			c.reportUnknownKey(use)
			continue
		}
		c.checkSupport(s, use)
	}
}

// checkFixedKey has what AWS says of single keys.
func (c *checker) checkFixedKey(s *statement, entry policy.ConditionEntry) {
	key, at := entry.Key.Value, entry.Key.Position
	switch strings.ToLower(key) {
	case "aws:arn":
		c.report("deprecated-key", at, "use aws:PrincipalArn, or aws:SourceArn for a service's request", "aws:ARN has been replaced")
	case "aws:resourcetag", "aws:resourcetag/", "aws:requesttag", "aws:requesttag/", "aws:principaltag", "aws:principaltag/":
		c.report("missing-tag-key", at, "write "+strings.TrimSuffix(key, "/")+"/KEY", "%s needs the tag's key", shown(key))
	case "aws:referer", "aws:useragent":
		c.report("untrustworthy-key", at, "", "any caller can send any %s", shown(key))
	case "aws:vpcsourceip":
		if len(s.conditions("aws:SourceVpc"))+len(s.conditions("aws:SourceVpce"))+len(s.conditions("aws:SourceVpcArn")) == 0 {
			c.report("missing-paired-key", at, "add aws:SourceVpc", "two VPCs may have the same addresses")
		}
	case "dynamodb:attributes":
		if s.allows() && len(s.conditions("dynamodb:Select")) == 0 {
			c.report("dynamodb-attributes", at, `add "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}`, "a request that names no attributes gets all of them")
		}
	case "s3:prefix":
		if entry.Operator.Type == policy.StringOperator && s.Denies() != entry.Operator.Negated {
			c.report("s3-prefix-negative", at, "allow with StringLike, or deny with StringNotLike", "a listing of a shorter prefix has the same objects and is not denied")
		}
	}
}

func (c *checker) reportUnknownKey(use keyUse) {
	key, at := use.Key.Value, use.Key.Position
	if slices.ContainsFunc(tagKeys, func(tag string) bool { return strings.EqualFold(strings.TrimSuffix(key, "/")+"/", tag) }) || hasPrefixFold(key, "aws:PrincipalTag") ||
		strings.EqualFold(key, "aws:ARN") {
		return // reported by checkFixedKey
	}
	switch {
	case !strings.Contains(key, ":"): // IAM saves it in an identity policy
		c.report("unknown-condition-key", at, "write service:name, as aws:PrincipalArn", "no request has a key without a service's prefix such as %s", shown(key))
	case use.prefix == "aws":
		c.report("unknown-global-key", at, c.similarKey(key, globalKeys), "there is no global condition key %s", shown(key))
	case !c.reference.Service(use.prefix):
		c.report("unknown-condition-key", at, "", "no service has the prefix %s", shown(use.prefix))
	default:
		c.report("unknown-condition-key", at, c.similarKey(key, c.keysOf(use.prefix)), "%s has no condition key %s", use.prefix, shown(key))
	}
}

func (c *checker) similarKey(key string, candidates []string) string {
	if best := c.nearest(key, candidates); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// globalKeys are for hints only; what exists is for the reference to say.
var globalKeys = []string{
	"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:CurrentTime", "aws:EpochTime", "aws:FederatedProvider", "aws:MultiFactorAuthAge",
	"aws:MultiFactorAuthPresent", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
	"aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalTag/${TagKey}", "aws:PrincipalType", "aws:RequestTag/${TagKey}",
	"aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:ResourceTag/${TagKey}", "aws:SecureTransport",
	"aws:SourceAccount", "aws:SourceArn", "aws:SourceIdentity", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpcArn",
	"aws:SourceVpce", "aws:TagKeys", "aws:TokenIssueTime", "aws:ViaAWSService", "aws:VpcSourceIp", "aws:userid", "aws:username",
}

// keysOf are the keys that a service's actions have, as long as there are hints to give.
func (c *checker) keysOf(prefix string) []string {
	if c.hints <= 0 {
		return nil
	}
	seen := map[string]bool{}
	var keys []string
	add := func(names []string) {
		for _, name := range names {
			if !seen[name] && c.spend(1) {
				seen[name] = true
				keys = append(keys, name)
			}
		}
	}
	for _, entry := range c.reference.Actions(prefix) {
		add(entry.Keys)
		for _, use := range entry.ResourceTypes {
			add(use.Type.Keys)
		}
	}
	return keys
}

// checkSupport compares a key with the keys that the statement's actions have.
func (c *checker) checkSupport(s *statement, use keyUse) {
	tag := slices.ContainsFunc(tagKeys, func(prefix string) bool { return hasPrefixFold(use.Key.Value, prefix) })
	if use.prefix == "aws" && !tag || slices.ContainsFunc(sessionKeys, func(k string) bool { return strings.EqualFold(k, use.Key.Value) }) {
		return // every action may have it
	}
	needed := needsKey(use.ConditionEntry)
	if s.Action.Not && tag && needed {
		if s.Denies() {
			c.report("deny-not-action-tag-key", use.Key.Position, "list the actions with Action", "actions without %s are not denied", shown(use.Key.Value))
		} else {
			c.report("allow-not-action-tag-key", use.Key.Position, "list the actions with Action", "actions without %s are not allowed", shown(use.Key.Value))
		}
	}
	if s.every {
		return
	}
	with, without, unknown := c.support(s, use.entry.Name)
	switch {
	case unknown || len(with)+len(without) == 0:
	case len(with) == 0 && needed:
		c.report("key-of-no-action", use.Key.Position, "", "no action of the statement has %s, so that the statement never applies", shown(use.Key.Value))
	case len(with) == 0:
		c.report("condition-always-holds", use.Key.Position, "", "no action of the statement has %s, and without it %s holds", shown(use.Key.Value), use.Operator.Name)
	case len(without) > 0 && needed:
		c.reportPartial(s, use, without, tag)
	}
}

// reportPartial is about a key that some of the statement's actions lack.
func (c *checker) reportPartial(s *statement, use keyUse, without []string, tag bool) {
	const few = 5
	list := strings.Join(without[:min(len(without), few)], ", ")
	if len(without) > few {
		list += " and others"
	}
	const hint = "move them to a statement without this condition"
	switch {
	case tag && s.Denies():
		c.report("deny-unsupported-tag-key", use.Key.Position, hint, "never denied, as they do not have %s: %s", shown(use.Key.Value), list)
	case tag:
		c.report("allow-unsupported-tag-key", use.Key.Position, hint, "never allowed, as they do not have %s: %s", shown(use.Key.Value), list)
	default:
		c.report("key-of-some-actions", use.Key.Position, hint, "the statement never applies to actions that do not have %s: %s", shown(use.Key.Value), list)
	}
}

// companions are asked for by the same request as the sts:AssumeRole… that they come with, and see its keys.
var companions = []string{"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}

// support sorts the statement's actions into those that have a key and those, written out, that do not. unknown: there is an action that the
// reference does not know.
func (c *checker) support(s *statement, key string) (with, without []string, unknown bool) {
	for _, action := range s.named {
		if len(action.entries) == 0 {
			return nil, nil, true
		}
		if c.kind == Trust && len(s.named) > 1 && slices.Contains(companions, action.lowered) {
			continue
		}
		some := false
		for _, entry := range action.entries {
			if !c.spend(1 + len(entry.Keys)/4) {
				return nil, nil, true
			}
			some = some || hasKey(entry, key) || hasSeveralPages(entry)
		}
		switch {
		case some:
			with = append(with, action.Value)
		case !action.pattern:
			without = append(without, action.Value)
		case len(with) == 0:
			without = append(without, action.Value)
		}
	}
	if len(with) > 0 { // AWS leaves patterns out where some action has the key
		without = slices.DeleteFunc(without, func(action string) bool { return strings.ContainsAny(action, "*?") })
	}
	return with, without, false
}

func hasKey(entry policy.ActionEntry, key string) bool {
	same := func(name string) bool { return strings.EqualFold(name, key) }
	return slices.ContainsFunc(entry.Keys, same) ||
		slices.ContainsFunc(entry.ResourceTypes, func(use policy.ResourceUse) bool { return slices.ContainsFunc(use.Type.Keys, same) })
}
