package lint

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// subjectPrefix begins the subject of every Kubernetes service account: system:serviceaccount:NAMESPACE:NAME.
const subjectPrefix = "system:serviceaccount:"

// checkSubject looks at one subject that is asked for.
func (c *checker) checkSubject(issuer string, entry policy.ConditionEntry, value policy.Text) {
	if entry.Operator.Negated || entry.Operator.Type != policy.StringOperator || placeholders.MatchString(value.Value) {
		return
	}
	text, like := value.Value, strings.HasSuffix(entry.Operator.Base, "Like")
	if text == "sts.amazonaws.com" {
		c.report("T11", value.Position, "use :aud", "this is an audience, and it is compared with the subject")
		return
	}
	if like && strings.Trim(text, "*?") == "" && text != "" {
		c.report("S04", value.Position, "name the subjects that are meant", "every subject matches %s", text)
		return
	}
	if strings.HasSuffix(issuer, "actions.githubusercontent.com") {
		if like && hasWildcard(text) {
			c.report("github-subject-wildcard", value.Position, "name the repository and the branch, as repo:ORGANIZATION/REPOSITORY:ref:refs/heads/BRANCH", "more workflows than one branch's match %s", shown(text))
		}
		return
	}
	if isNear(text) {
		c.checkServiceAccount(value, like)
	}
}

// isNear tells whether a text is, or was meant to be, the subject of a service account.
func isNear(text string) bool {
	lowered := strings.ToLower(text)
	return strings.Contains(lowered, "serviceaccount") || strings.HasPrefix(lowered, "system:")
}

func (c *checker) checkServiceAccount(value policy.Text, like bool) {
	text := value.Value
	rest, ok := strings.CutPrefix(text, subjectPrefix)
	namespace, name, two := strings.Cut(rest, ":")
	wild := like && strings.ContainsAny(text, "*?")
	switch {
	case wild && ok && (rest == "*" || namespace == "*" && name == "*"):
		c.report("S04", value.Position, "name the service accounts that are meant", "every service account of the cluster matches")
	case wild && ok && !two && strings.HasSuffix(rest, "*"):
		c.report("S05", value.Position, "write the namespace out", "other namespaces match %s too", shown(text))
	case !ok && !(wild && policy.MatchGlob(text, subjectPrefix+"a:b")) || ok && (!two || namespace == "" || name == "" || !isName(namespace) || !isName(name)):
		c.report("T16", value.Position, "write "+subjectPrefix+"NAMESPACE:NAME", "%s is not the form of a service account's subject", shown(text))
	case wild && strings.ContainsAny(namespace, "*?"):
		c.report("S05", value.Position, "write the namespace out", "other namespaces match %s too", shown(text))
	case wild && name == "*":
		c.report("S06", value.Position, "name the service accounts", "every service account of the namespace matches, those that come later too")
	case name == "default":
		c.report("S13", value.Position, "give the workload a service account of its own", "every pod of the namespace that names no service account is this one")
	}
}

// isName tells whether text may be the name of a namespace or service account: lower-case letters, digits, - and . (RFC 1123). Wildcards and variables
// are taken as they are, literal ones too: T03 is about them.
func isName(text string) bool {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-.*?${}") == "" || strings.Contains(text, "${")
}

// checkAudience looks at one audience that is asked for.
func (c *checker) checkAudience(entry policy.ConditionEntry, value policy.Text) {
	text := value.Value
	switch {
	case entry.Operator.Negated || entry.Operator.Type != policy.StringOperator:
	case strings.HasPrefix(text, subjectPrefix):
		c.report("T11", value.Position, "use :sub", "this is a subject, and it is compared with the audience")
	case strings.HasSuffix(entry.Operator.Base, "Like") && strings.Trim(text, "*?") == "" && text != "":
		c.report("S11", value.Position, "write sts.amazonaws.com", "every audience matches %s", text)
	}
}

// checkSessionActions asks for the actions that set what a statement has conditions on.
func (c *checker) checkSessionActions(s *statement) {
	for _, need := range []struct{ key, action string }{
		{"aws:RequestTag/", "sts:TagSession"}, {"aws:TagKeys", "sts:TagSession"}, {"sts:TransitiveTagKeys", "sts:TagSession"}, {"sts:SourceIdentity", "sts:SetSourceIdentity"},
	} {
		for _, entry := range s.Conditions {
			if hasPrefixFold(entry.Key.Value, need.key) && needsKey(entry) && !s.lists(strings.ToLower(need.action)) {
				c.report("missing-action-for-key", entry.Key.Position, "add "+need.action, "nobody may set %s without %s", shown(entry.Key.Value), need.action)
			}
		}
	}
	if !names(s.Principal, "Service", "rolesanywhere.amazonaws.com") {
		return
	}
	for _, action := range []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"} {
		if !s.lists(strings.ToLower(action)) {
			c.report("roles-anywhere-actions", s.Action.Position, "add "+action, "IAM Roles Anywhere needs %s", action)
		}
	}
}

// checkSideDoors finds statements of a web identity role that let whole accounts or machines in as well.
func (c *checker) checkSideDoors() {
	web := false
	for _, s := range c.statements {
		web = web || s.allows() && s.Principal != nil && len(providersOf(s.Principal)) > 0 && s.lists(webIdentityAction)
	}
	for _, s := range c.statements {
		if !web || s.Denies() || s.Principal == nil || s.Principal.Not || !s.lists("sts:assumerole") {
			continue
		}
		c.at = s
		for _, list := range s.Principal.Types {
			for _, text := range list.Values {
				caller, err := policy.ParsePrincipal(text.Value)
				account := list.Type == "AWS" && (text.Value == "*" || err == nil && caller.Type == policy.Root)
				if account || list.Type == "Service" && strings.HasPrefix(text.Value, "ec2.") {
					c.report("S16", text.Position, "use another role for them", "a role of web identities that %s may assume too", shown(text.Value))
				}
			}
		}
	}
	c.at = nil
}
