package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// sourceKeys say on whose behalf a service calls (IAM User Guide, "The confused deputy problem").
var sourceKeys = []string{"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"}

// checkPrincipals looks at who a statement names.
func (c *checker) checkPrincipals(s *statement) {
	element := s.Principal
	if element == nil {
		return
	}
	everybody := isEverybody(element)
	switch {
	case element.Not && c.kind == Trust:
		c.report("trust-not-principal", element.Position, "use Principal", "a role's trust policy takes no NotPrincipal")
	case element.Not && s.allows():
		c.report("allow-not-principal", element.Position, "use Principal, or deny with NotPrincipal", "everybody but these is allowed, anonymous callers too")
	case everybody && s.allows() && c.kind == Trust && len(s.Conditions) > 0:
		c.report("trust-wildcard-principal", element.Position, "name accounts, roles or providers", "the conditions alone decide who may assume the role")
	case everybody && s.allows() && c.kind == Trust:
		c.report("trust-wildcard-principal", element.Position, "name accounts, roles or providers", "anybody with AWS credentials may assume the role")
	case everybody && s.allows() && c.kind == Resource && len(s.Conditions) == 0:
		c.report("public-principal", element.Position, "name accounts or roles, or add a condition such as aws:PrincipalOrgID", "everybody is allowed, without a condition")
	}
	for _, list := range element.Types {
		for _, text := range list.Values {
			c.checkPrincipal(list.Type, text)
		}
	}
	c.checkServicePrincipals(s)
	c.checkSessionPrincipals(element)
}

func isEverybody(element *policy.PrincipalElement) bool {
	return !element.Not && names(element, "AWS", "*")
}

func (c *checker) checkPrincipal(kind string, text policy.Text) {
	switch value := text.Value; {
	case kind == "AWS" && len(value) >= 16 && (strings.HasPrefix(value, "AROA") || strings.HasPrefix(value, "AIDA")):
		c.report("D09", text.Position, "write the ARN of the one that is meant", "%s is the unique id of a role or user, most likely of one that was deleted", shown(value))
	case kind == "Federated" && c.kind != Trust:
		c.report("federated-principal", text.Position, "", "identity providers may only be named in a role's trust policy")
	case kind == "Service" && !isServicePrincipal(value):
		c.report("service-principal-format", text.Position, "service principals look like ec2.amazonaws.com", "%s is not the name of a service principal", shown(value))
	}
}

// isServicePrincipal tells whether text has the form of a service principal: in lower case, under the DNS suffix of a partition.
func isServicePrincipal(text string) bool {
	if text != strings.ToLower(text) || strings.ContainsAny(text, " /:") {
		return false
	}
	if text == "alexa-appkit.amazon.com" || text == "alexa-connectedhome.amazon.com" {
		return true
	}
	for _, partition := range policy.Partitions() {
		if name, ok := strings.CutSuffix(text, "."+partition.DNSSuffix); ok && name != "" {
			return true
		}
	}
	return false
}

// checkServicePrincipals asks for the source of what a service does. Trust policies are left out: most services that assume roles have none to tell.
func (c *checker) checkServicePrincipals(s *statement) {
	if c.kind != Resource || s.Denies() || s.Principal.Not {
		return
	}
	for _, list := range s.Principal.Types {
		if list.Type != "Service" || slices.ContainsFunc(sourceKeys, s.asks) {
			continue
		}
		const hint = "ask for aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths"
		at := list.Values[0].Position
		if len(s.Conditions) == 0 {
			c.report("service-principal-source", at, hint, "the service may use this for anybody's sake")
		} else {
			c.report("service-principal-key", at, hint, "the conditions do not say for whose sake the service may use this")
		}
	}
}

// checkSessionPrincipals finds sessions beside their role: arn:…:sts::A:assumed-role/r/s beside arn:…:iam::A:role/…/r.
func (c *checker) checkSessionPrincipals(element *policy.PrincipalElement) {
	roles := map[string]bool{}
	each := func(look func(text policy.Text, arn policy.ARN)) {
		for _, list := range element.Types {
			for _, text := range list.Values {
				if arn, err := policy.ParseARN(text.Value); err == nil && list.Type == "AWS" {
					look(text, arn)
				}
			}
		}
	}
	each(func(_ policy.Text, arn policy.ARN) {
		if path, ok := strings.CutPrefix(arn.Resource, "role/"); ok {
			roles[arn.Account+"/"+path[strings.LastIndexByte(path, '/')+1:]] = true
		}
	})
	each(func(text policy.Text, arn policy.ARN) {
		session, ok := strings.CutPrefix(arn.Resource, "assumed-role/")
		if role, _, _ := strings.Cut(session, "/"); ok && !element.Not && roles[arn.Account+"/"+role] {
			c.report("redundant-principal", text.Position, "", "the role itself is named too, and with it all of its sessions")
		}
	})
}
