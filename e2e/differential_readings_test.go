package e2e

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

func spellRoot(s *simulation) bool {
	if s.Request.Principal.kind() != "root" {
		return false
	}
	s.Policies.Identity = []policyDocument{{"2012-10-17", []statement{{Effect: "Allow", Action: []string{"*"}, Resource: []string{"*"}}}}}
	return true
}

// disabled is a policy that allows nothing of what the cases ask for.
func disabled(s statement) policyDocument {
	s.Effect = "Allow"
	s.disable()
	return policyDocument{"2012-10-17", []statement{s}}
}

func spellFederatedUser(s *simulation) bool {
	if s.Request.Principal.kind() != "federated" || s.Policies.Session != nil {
		return false
	}
	s.Policies.Session = []policyDocument{disabled(statement{Resource: []string{"*"}})}
	return true
}

func spellTrust(s *simulation) bool {
	if !strings.HasPrefix(s.Request.Action, "sts:") || s.Request.Resource == "*" || s.Policies.Resource != nil {
		return false
	}
	d := disabled(statement{Principal: &named{all: true}})
	s.Policies.Resource = &d
	return true
}

// spellGranted writes what a resource's policy grants on its own, within one account, into the caller's own policies.
func spellGranted(names func(n *named, c caller) bool) func(s *simulation) bool {
	return func(s *simulation) bool {
		p := &s.Policies
		if p.Resource == nil || s.Request.Principal.account() != s.Request.owner() {
			return false
		}
		granted := policyDocument{Version: p.Resource.Version}
		for _, st := range p.Resource.Statement {
			if st.Effect == "Allow" && st.Principal != nil && names(st.Principal, s.Request.Principal) {
				st.Principal = nil
				if st.Resource == nil && st.NotResource == nil {
					st.Resource = []string{"*"}
				}
				granted.Statement = append(granted.Statement, st)
			}
		}
		if granted.Statement == nil {
			return false
		}
		p.Identity = append(p.Identity, granted.clone())
		if p.Boundary != nil {
			p.Boundary = append(p.Boundary, granted.clone())
		}
		if p.Session != nil {
			p.Session[0].Version = "2012-10-17"
			p.Session = append(p.Session, granted.clone())
		}
		return true
	}
}

// spellNotPrincipal says of each NotPrincipal whether it spares the caller: with a boundary it never does.
func spellNotPrincipal(s *simulation) bool {
	d := s.Policies.Resource
	if d == nil {
		return false
	}
	found := false
	for i := range d.Statement {
		st := &d.Statement[i]
		if st.NotPrincipal == nil {
			continue
		}
		if s.Policies.Boundary == nil && st.NotPrincipal.spares(s.Request.Principal) {
			st.disable()
		}
		st.NotPrincipal, st.Principal, found = nil, &named{all: true}, true
	}
	return found
}

// spares tells whom a NotPrincipal leaves out: the callers that it names, without the accounts and roles that stand beside them.
func (n *named) spares(c caller) bool {
	sessions, entities := map[string]bool{}, map[string]bool{}
	for _, name := range n.AWS {
		if k := caller(name).kind(); k == "session" || k == "user" || k == "role" || k == "federated" {
			entities[caller(name).account()] = true
			if k == "session" {
				sessions[caller(name).arn()] = true
			}
		}
	}
	for _, name := range n.AWS {
		account := strings.TrimSuffix(strings.TrimPrefix(name, "arn:aws:iam::"), ":root")
		if beside := sessions[name] || entities[account]; !beside && (name == string(c) || name == c.arn() || account == c.account()) {
			return true
		}
	}
	return false
}

// spellOldVersion leaves out what holds a variable in a document of the old version: there it is plain text, and no text of the cases has "${".
func spellOldVersion(s *simulation) bool {
	found := eachCondition(func(c condition) (truth, []string) {
		if c.version == "2012-10-17" {
			return unchanged, nil
		}
		return c.without(func(operand string) bool { return strings.Contains(operand, "${") })
	})(s)
	return eachResource(func(version, pattern string) string {
		if version != "2012-10-17" && strings.Contains(pattern, "${") {
			return "arn:aws:s3:::elsewhere"
		}
		return pattern
	})(s) || found
}

// spellARNVariables puts values in the place of variables.
func spellARNVariables(c condition) (truth, []string) {
	if !strings.HasPrefix(c.operator, "Arn") || c.version != "2012-10-17" {
		return unchanged, nil
	}
	result, operands := unchanged, slices.Clone(c.operands)
	for i, operand := range operands {
		before, rest, _ := strings.Cut(operand, "${")
		name, after, ok := strings.Cut(rest, "}")
		if values, list := c.request.lookup(name); ok && len(values) == 1 && !list {
			result, operands[i] = rewritten, before+values[0]+after
		}
	}
	return result, operands
}

func spellEmptySets(c condition) (truth, []string) {
	if c.set == "" && c.operator != "Null" || len(c.values) != 1 || c.values[0] != "" {
		return unchanged, nil
	}
	if c.set == "ForAllValues" || c.operator == "Null" && slices.Contains(c.operands, "true") {
		return holds, nil
	}
	return fails, nil
}

// valueless tells whether a text has a variable without a value.
func (r *simulatedRequest) valueless(text string) bool {
	_, rest, ok := strings.Cut(text, "${")
	name, _, _ := strings.Cut(rest, "}")
	if !ok || strings.Contains(name, ",") || strings.Contains("*?$", name) {
		return false
	}
	values, list := r.lookup(name)
	return len(values) == 0 || list || values[0] == ""
}

// spellVariables leaves out the operands and resources that hold a variable without a value.
func spellVariables(s *simulation) bool {
	found := eachCondition(func(c condition) (truth, []string) {
		if c.version != "2012-10-17" || !strings.HasPrefix(c.operator, "String") && !strings.HasPrefix(c.operator, "Arn") {
			return unchanged, nil
		}
		return c.without(c.request.valueless)
	})(s)
	return eachResource(func(version, pattern string) string {
		if version == "2012-10-17" && s.Request.valueless(pattern) {
			return "arn:aws:s3:::elsewhere"
		}
		return pattern
	})(s) || found
}

// eachResource makes a class out of how single patterns of Resource and NotResource elements are written.
func eachResource(write func(version, pattern string) string) func(s *simulation) bool {
	return func(s *simulation) bool {
		found := false
		for _, d := range s.documents() {
			for i := range d.Statement {
				for _, list := range [][]string{d.Statement[i].Resource, d.Statement[i].NotResource} {
					for j, pattern := range list {
						list[j] = write(d.Version, pattern)
						found = found || list[j] != pattern
					}
				}
			}
		}
		return found
	}
}

// spellDates writes every date in its ISO form.
func spellDates(s *simulation) bool {
	found := false
	iso := func(text string) string {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return text
		}
		found = true
		return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	eachCondition(func(c condition) (truth, []string) {
		if !strings.HasPrefix(c.operator, "Date") {
			return unchanged, nil
		}
		operands := make([]string, len(c.operands))
		for i := range operands {
			operands[i] = iso(c.operands[i])
		}
		for name, value := range s.Request.Context {
			if text, ok := value.(string); ok && strings.EqualFold(name, c.key) {
				s.Request.Context[name] = iso(text)
			}
		}
		return rewritten, operands
	})(s)
	return found
}

func spellZeroPrefix(c condition) (truth, []string) {
	if !strings.HasSuffix(c.operator, "IpAddress") {
		return unchanged, nil
	}
	var operands []string
	for _, operand := range c.operands {
		switch operand {
		case "0.0.0.0/0":
			operands = append(operands, "0.0.0.0/1", "128.0.0.0/1")
		case "::/0":
			operands = append(operands, "::/1", "8000::/1")
		default:
			operands = append(operands, operand)
		}
	}
	if len(operands) == len(c.operands) {
		return unchanged, nil
	}
	return rewritten, operands
}

func spellFamilies(c condition) (truth, []string) {
	if !strings.HasSuffix(c.operator, "IpAddress") || len(c.values) != 1 {
		return unchanged, nil
	}
	value := netip.MustParseAddr(c.values[0])
	return c.without(func(operand string) bool { return strings.Contains(operand, ":") != value.Is6() })
}

func spellResourceTypes(s *simulation) bool {
	return eachResource(func(_, pattern string) string {
		if parts := strings.SplitN(pattern, ":", 6); len(parts) == 6 && wildcardInType(parts[5]) && matchesARN(pattern, s.Request.Resource) {
			return s.Request.Resource
		}
		return pattern
	})(s)
}

// spellRunningStars puts the resource in the place of what matches it only with a * that reaches across colons.
func spellRunningStars(s *simulation) bool {
	return eachResource(func(_, pattern string) string {
		if !matchesARN(pattern, s.Request.Resource) && strings.Count(pattern, ":") >= 5 && matchesBeyond(pattern, s.Request.Resource, 0) {
			return s.Request.Resource
		}
		return pattern
	})(s)
}

// spellShortResources writes all parts of resources.
func spellShortResources(s *simulation) bool {
	return eachResource(func(_, pattern string) string {
		if missing := 5 - strings.Count(pattern, ":"); missing > 0 && pattern != "*" {
			return pattern + strings.Repeat(":*", missing)
		}
		return pattern
	})(s)
}

// wildcardInType tells whether a wildcard stands in front of the first slash or colon of an ARN's last part.
func wildcardInType(last string) bool {
	end := strings.IndexAny(last, "/:")
	return end > 0 && strings.ContainsAny(last[:end], "*?")
}
