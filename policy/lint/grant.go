package lint

import (
	"strings"
)

// checkGrants looks at Allow statements that are wider than they look.
func (c *checker) checkGrants(s *statement) {
	if s.Denies() {
		return
	}
	if s.Action.Not && c.kind != SCP {
		c.report("allow-not-action", s.Action.Position, "list what is meant with Action, or deny with NotAction",
			"every action but these is allowed, and those that AWS adds later")
	}
	if s.Resource.Not && c.kind != SCP {
		c.report("allow-not-resource", s.Resource.Position, "list what is meant with Resource, or deny with NotResource",
			"every resource but these is allowed, and those that are made later")
	}
	if c.kind == Trust || c.kind == SCP || c.kind == RCP || c.kind == Endpoint {
		return
	}
	if s.lists("iam:passrole") && (s.Resource.Not || anyRole(s, "role/")) && !s.asks("iam:PassedToService") {
		c.report("pass-role-wildcard", s.Resource.Position, "name the roles, or ask for iam:PassedToService",
			"any role can be passed to any service, whatever the role may do")
	}
	if s.lists("iam:createservicelinkedrole") && (s.Resource.Not || anyRole(s, "role/aws-service-role/")) && !s.asks("iam:AWSServiceName") {
		c.report("create-slr-wildcard", s.Resource.Position, "name the service-linked roles, or ask for iam:AWSServiceName",
			"service-linked roles of any service can be created")
	}
}

// anyRole tells whether a resource of the statement is a pattern that says nothing of a role's name. prefix is what every role's ARN has before it.
func anyRole(s *statement, prefix string) bool {
	for _, text := range s.Resource.Values {
		parts := arnParts(text.Value)
		if text.Value == "*" {
			return true
		}
		if len(parts) < 3 || parts[2] != "iam" {
			continue
		}
		last := parts[len(parts)-1]
		wild := strings.IndexAny(last, "*?")
		if wild >= 0 && strings.HasPrefix(prefix, last[:wild]) {
			return true
		}
	}
	return false
}
