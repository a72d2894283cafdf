package lint

import (
	"regexp"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// placeholders are what guides and templates leave for their readers to fill in.
var placeholders = regexp.MustCompile(`<[A-Za-z][^<>]*>|(?:^|[^$])\{\{?[A-Za-z][A-Za-z0-9_. -]*\}?\}|\bYOUR[-_ ]|\b(?:AWS_)?(?:ACCOUNT|CLUSTER|OIDC|REGION)(?:[-_]?ID)?\b|\bregion-code\b|EXAMPLED539D`)

// checkTexts looks for placeholders and at variables, in all texts that are compared with something.
func (c *checker) checkTexts(s *statement) {
	id := "placeholder"
	if c.kind == Trust {
		id = "T17"
	}
	each := func(text policy.Text, variables bool) {
		if found := placeholders.FindString(text.Value); found != "" {
			c.report(id, text.Position, "", "%s was left to be filled in", shown(strings.TrimSpace(found)))
		}
		if variables {
			c.checkVariables(text, id)
		}
	}
	for _, text := range s.Resource.Values {
		each(text, true)
	}
	if s.Principal != nil {
		for _, list := range s.Principal.Types {
			for _, text := range list.Values {
				each(text, false)
			}
		}
	}
	for _, entry := range s.Conditions {
		each(entry.Key, false)
		for _, value := range entry.Values {
			each(value, entry.Operator.Type == policy.StringOperator || entry.Operator.Type == policy.ARNOperator || entry.Operator.Type == policy.BoolOperator)
		}
	}
}

// checkVariables asks of each ${…} whether there is such a key, and whether it is a variable at all.
func (c *checker) checkVariables(text policy.Text, placeholder string) {
	parts, _ := policy.CutVariables(text.Value) // what is malformed is for the grammar
	for _, part := range parts {
		switch name := part.Variable; {
		case name == "":
		case !strings.Contains(name, ":"):
			c.report(placeholder, text.Position, "", "${%s} is no variable of the policy language: it was left to be filled in", shown(name))
		case !c.document.Variables():
			c.report("variable-in-old-version", text.Position, `write "Version": "2012-10-17"`, "${%s} is literal text in this version", shown(name))
		case c.reference == nil || isClaim(name) || hasPrefixFold(name, "saml:"):
		default:
			entry, known := c.reference.Key(name)
			if !known {
				c.report("unknown-variable", text.Position, c.similarKey(name, globalKeys), "there is no condition key %s", shown(name))
			} else if entry.List {
				c.report("multivalued-variable", text.Position, "", "%s may have several values, and has none as a variable", shown(name))
			}
		}
	}
}

// direction is what the last but one part of every region's name is, as in ap-northeast-1.
var direction = regexp.MustCompile(`-(?:(?:north|south)(?:east|west)?|east|west|central)-[0-9]+$`)

// partitionOf is the partition of a region whose name has the form that AWS's regions have: those that AWS opens later are known too, and us-esat-1 is not.
func partitionOf(region string) (policy.Partition, bool) {
	partition, known := policy.PartitionOfRegion(region)
	return partition, known && (direction.MatchString(region) || strings.HasSuffix(region, "-global"))
}
