package lint

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// severalPages are prefixes that more than one service of the Service Authorization Reference has: Classic Load Balancers and the newer ones, Lex V1 and
// V2. Of an action that stands on both pages a reference may have what one of them says, so that nothing is concluded from what an action lacks.
var severalPages = []string{"apigateway", "aws-marketplace", "elasticloadbalancing", "greengrass", "kinesisanalytics", "lex", "ses"}

func hasSeveralPages(entry policy.ActionEntry) bool {
	prefix, _, _ := strings.Cut(entry.Name, ":")
	return slices.Contains(severalPages, strings.ToLower(prefix))
}

// checkResourceTypes asks for a pair of action and resource that can be in one request (Service Authorization Reference: the resource types of each
// action). An action without resource types is only ever about "*".
func (c *checker) checkResourceTypes(s *statement) {
	if c.reference == nil || s.every || s.Resource.Name == "" || s.Resource.Not {
		return
	}
	useful := make([]bool, len(s.Resource.Values))
	var fruitless []namedAction
	known, some := true, false
	for _, action := range s.named {
		if len(action.entries) == 0 {
			known = false // reported as unknown; what it was meant to be about is not known
			continue
		}
		if c.finds(s, action, useful) {
			some = true
		} else {
			fruitless = append(fruitless, action)
		}
	}
	for _, action := range fruitless {
		c.report("action-without-resource", action.Position, resourceHint(action.entries), "no resource of the statement is one of %s", shown(action.Value))
	}
	for i, text := range s.Resource.Values {
		if known && some && !useful[i] {
			c.report("resource-without-action", text.Position, "", "no action of the statement has a resource such as %s", shown(text.Value))
		}
	}
}

// finds tells whether an action can have any of the statement's resources, and marks those that it can have.
func (c *checker) finds(s *statement, action namedAction, useful []bool) bool {
	found := false
	for i, text := range s.Resource.Values {
		if c.exhausted() {
			useful[i], found = true, true // who knows
			continue
		}
		pattern := arnParts(text.Value)
		if text.Value == "*" || len(pattern) < 3 || pattern[0] != "arn" {
			useful[i], found = true, true // all of them, or for the grammar to refuse
			continue
		}
		if useful[i] && found {
			continue
		}
		if c.canHave(action.entries, pattern) {
			useful[i], found = true, true
		}
	}
	return found
}

func (c *checker) canHave(entries []policy.ActionEntry, pattern []string) bool {
	for _, entry := range entries {
		if hasSeveralPages(entry) {
			return true
		}
		if entry.Name == "s3:ListAllMyBuckets" && strings.Join(pattern[2:], ":") == "s3:::*" {
			return true // all buckets: what guides have asked for since before the reference
		}
		for _, use := range entry.ResourceTypes {
			if len(use.Type.ARNs) == 0 {
				return true // the reference does not say
			}
			for _, form := range use.Type.ARNs {
				if c.meets(pattern, c.form(form)) {
					return true
				}
			}
		}
	}
	return false
}

// resourceHint says what resources an action has.
func resourceHint(entries []policy.ActionEntry) string {
	if len(entries) != 1 {
		return ""
	}
	if entries[0].WildcardOnly() {
		return entries[0].Name + ` has no resource-level permissions; it needs "Resource": "*"`
	}
	var forms []string
	for _, use := range entries[0].ResourceTypes {
		forms = append(forms, use.Type.ARNs...)
	}
	if len(forms) == 0 || len(forms) > 4 {
		return ""
	}
	return "its resources are " + strings.Join(forms, ", ")
}

// checkARNs holds every ARN among the resources against the forms that its service has.
func (c *checker) checkARNs(s *statement) {
	for _, text := range s.Resource.Values {
		parts := arnParts(text.Value)
		if parts[0] == "arn" && len(parts) < 6 && strings.HasSuffix(text.Value, "*") { // others are for the grammar
			c.report("missing-arn-field", text.Position, "write arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE, with nothing or * for what is open",
				"%d of an ARN's six parts are here, and the * at the end stands for all others", len(parts))
		}
		if parts[0] != "arn" || len(parts) < 6 || strings.Contains(strings.Join(parts[:5], ""), "${") || placeholders.MatchString(text.Value) {
			continue // for the grammar, or checkTexts
		}
		if c.checkARNParts(text, parts) && c.reference != nil {
			c.checkARNForm(s, text, parts)
		}
	}
}

// checkARNParts looks at region and account alone.
func (c *checker) checkARNParts(text policy.Text, parts []string) bool {
	service, region, account := parts[2], parts[3], parts[4]
	if service != strings.ToLower(service) {
		c.report("arn-service-case", text.Position, "write "+strings.ToLower(service), "the service of an ARN is in lower case")
		return false
	}
	if region != "" && !strings.ContainsAny(region, "*?") {
		partition, known := partitionOf(region)
		if !known || !strings.ContainsAny(parts[1], "*?") && partition.ID != parts[1] {
			c.report("invalid-arn-region", text.Position, "", "partition %s has no region %s", shown(parts[1]), shown(region))
			return false
		}
	}
	if strings.Trim(account, "0123456789*?") != "" && account != "aws" && account != "amazon" ||
		account != "" && !strings.ContainsAny(account, "*?") && strings.Trim(account, "0123456789") == "" && len(account) != 12 {
		c.report("invalid-arn-account", text.Position, "", "account %s is not 12 digits", shown(account))
		return false
	}
	return true
}

// checkARNForm finds a resource type that the ARN may be of, and says which part is in the way if there is none.
func (c *checker) checkARNForm(s *statement, text policy.Text, parts []string) {
	if len(text.Value) > longestPattern || c.exhausted() || slices.Contains(severalPages, parts[2]) || parts[2] == "iam" && parts[5] == "root" {
		return
	}
	forms := c.formsOf(s, parts[2])
	if c.exhausted() {
		return
	}
	if len(forms) == 0 {
		if !c.reference.Service(parts[2]) {
			c.report("unknown-arn-service", text.Position, "", "no service has ARNs of %s", shown(parts[2]))
		}
		return
	}
	fits := func(region, account, resource string) bool {
		changed := []string{parts[0], parts[1], parts[2], region, account, resource}
		for _, form := range forms {
			if c.meets(changed, form) {
				return true
			}
		}
		return false
	}
	region, account, resource := parts[3], parts[4], parts[5]
	switch {
	case fits(region, account, resource):
	case region != "" && fits("", account, resource):
		c.report("arn-region-not-allowed", text.Position, "leave the region empty", "such ARNs of %s have no region", parts[2])
	case region == "" && fits("*", account, resource):
		c.report("missing-arn-region", text.Position, "name a region, or *", "such ARNs of %s have a region", parts[2])
	case account != "" && fits(region, "", resource):
		c.report("arn-account-not-allowed", text.Position, "leave the account empty", "such ARNs of %s have no account", parts[2])
	case account == "" && fits(region, "*", resource):
		c.report("missing-arn-account", text.Position, "name an account, or *", "such ARNs of %s have an account", parts[2])
	case c.exhausted():
	default:
		c.report("invalid-arn-resource", text.Position, "", "%s has no resource type with such an ARN", parts[2])
	}
}

// form reads a resource type's form of ARNs, once.
func (c *checker) form(text string) arnForm {
	form, done := c.read[text]
	if !done {
		if c.read == nil {
			c.read = map[string]arnForm{}
		}
		form = newForm(text)
		c.read[text] = form
	}
	return form
}

// formsOf are the ARNs that a service has: those of all its actions, and those that the statement's own actions have of it, whose service prefix may
// be another.
func (c *checker) formsOf(s *statement, service string) []arnForm {
	forms, done := c.forms[service]
	if !done {
		forms = c.collectForms(c.reference.Actions(service), service, nil)
		if c.forms == nil {
			c.forms = map[string][]arnForm{}
		}
		c.forms[service] = forms
	}
	if len(forms) > 0 {
		return forms
	}
	for _, action := range s.named {
		forms = c.collectForms(action.entries, service, forms)
	}
	return forms
}

func (c *checker) collectForms(entries []policy.ActionEntry, service string, forms []arnForm) []arnForm {
	seen := map[string]bool{}
	for _, entry := range entries {
		for _, use := range entry.ResourceTypes {
			for _, form := range use.Type.ARNs {
				if parts := arnParts(form); !seen[form] && len(parts) > 2 && (parts[2] == service || strings.Contains(parts[2], "${")) && c.spend(len(form)) {
					seen[form] = true
					forms = append(forms, c.form(form))
				}
			}
		}
	}
	return forms
}
