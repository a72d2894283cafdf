package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// checkOrganization has what service and resource control policies may not have (AWS Organizations User Guide, "SCP syntax", "RCP syntax"). Since
// September 2025 service control policies take the whole language but for principals.
func (c *checker) checkOrganization(s *statement) {
	if c.kind == SCP && s.Principal != nil {
		c.report("scp-principal", s.Principal.Position, "ask for aws:PrincipalArn instead", "a service control policy takes no %s", s.Principal.Name)
	}
	if c.kind != RCP {
		return
	}
	if s.allows() && !s.isFullAccess() {
		c.report("rcp-allow", s.Effect.Position, "deny what must not be; RCPFullAWSAccess allows the rest", "a resource control policy can deny only")
	}
	if s.Action.Not {
		c.report("rcp-not-action", s.Action.Position, "list the actions with Action", "a resource control policy takes no NotAction")
	}
	if s.Principal != nil && (s.Principal.Not || len(s.Principal.Types) != 1 || !isEverybody(s.Principal) || len(s.Principal.Types[0].Values) != 1) {
		c.report("rcp-principal", s.Principal.Position, `write "Principal": "*"`, "a resource control policy is about everybody")
	}
	c.checkServiceCallers(s)
}

// isFullAccess tells whether the statement is that of RCPFullAWSAccess, the one Allow that a resource control policy may have (IAM User Guide, "RCP syntax
// error allow").
func (s *statement) isFullAccess() bool {
	every := func(list policy.List) bool { return !list.Not && len(list.Values) == 1 && list.Values[0].Value == "*" }
	return s.allows() && s.Principal != nil && isEverybody(s.Principal) && every(s.Action) && every(s.Resource) && len(s.Conditions) == 0
}

// Keys of callers, which AWS's own services do not have, and keys of the source, which only they have.
var (
	callerKeys = []string{"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn"}
	originKeys = []string{"aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceAccount"}
)

// checkServiceCallers asks a Deny about callers to spare AWS's services, and one about services to be about them only, and about calls for somebody's
// sake only.
func (c *checker) checkServiceCallers(s *statement) {
	if s.allows() {
		return
	}
	for _, entry := range s.Conditions {
		same := func(key string) bool { return strings.EqualFold(key, entry.Key.Value) }
		aboutServices := len(s.conditions("aws:PrincipalIsAWSService")) > 0
		switch {
		case slices.ContainsFunc(callerKeys, same) && !aboutServices:
			c.report("rcp-service-callers", entry.Key.Position, `add "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}`,
				"services of AWS have no %s, and are denied too", shown(entry.Key.Value))
		case slices.ContainsFunc(originKeys, same) && !aboutServices:
			c.report("rcp-service-callers", entry.Key.Position, `add "BoolIfExists": {"aws:PrincipalIsAWSService": "true"}`,
				"roles and users have no %s, and are denied too", shown(entry.Key.Value))
		case slices.ContainsFunc(originKeys, same) && !s.asks("aws:SourceAccount") && !s.asks("aws:SourceArn"):
			c.report("rcp-service-callers", entry.Key.Position, `add "Null": {"aws:SourceAccount": "false"}`,
				"calls of a service that are for nobody's sake have no %s, and are denied too", shown(entry.Key.Value))
		}
	}
}
