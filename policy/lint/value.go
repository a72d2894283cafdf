package lint

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// checkValues looks at the values of each condition.
func (c *checker) checkValues(s *statement) {
	for _, at := range s.Empty {
		c.report("empty-condition", at, "remove it", "nothing is asked for here")
	}
	for _, entry := range s.Conditions {
		if len(entry.Values) == 0 {
			c.report("empty-condition-values", entry.Position, emptyHint(entry), "%s has nothing to compare %s with", entry.Operator.Name, shown(entry.Key.Value))
			continue
		}
		switch entry.Operator.Type {
		case policy.StringOperator:
			c.checkStrings(entry)
		case policy.NumericOperator:
			c.checkBounds(entry)
		case policy.DateOperator:
			c.checkDates(entry)
		case policy.BoolOperator, policy.NullOperator:
			c.checkBooleans(entry)
		case policy.IPOperator:
			c.checkAddresses(entry)
		}
		c.checkNames(entry)
		c.checkSensitive(entry)
	}
}

func emptyHint(entry policy.ConditionEntry) string {
	if entry.Operator.Set == "ForAllValues" || entry.Operator.IfExists {
		return `it only holds where the key is absent: use "Null": {"` + shown(entry.Key.Value) + `": "true"}`
	}
	return "name values, or remove it"
}

// checkStrings looks at wildcards.
func (c *checker) checkStrings(entry policy.ConditionEntry) {
	like := strings.HasSuffix(entry.Operator.Base, "Like")
	wild := 0
	for i, value := range entry.Values {
		pattern := hasWildcard(value.Value)
		if pattern {
			wild++
		}
		switch {
		case pattern && !like:
			id := "wildcard-in-exact-operator"
			if c.kind == Trust && isClaim(entry.Key.Value) {
				id = "T03"
			}
			c.report(id, value.Position, "use "+strings.NewReplacer("EqualsIgnoreCase", "Like", "Equals", "Like").Replace(entry.Operator.Name),
				"%s compares %s letter by letter, its wildcard too", entry.Operator.Name, shown(value.Value))
		case like && strings.Trim(value.Value, "*") == "" && value.Value != "":
			c.report("match-all-pattern", value.Position, matchAllHint(entry), "every value matches %s", value.Value)
		case like && c.repeats(entry.Values, i):
			c.report("redundant-condition-value", value.Position, "", "another value matches all that %s does", shown(value.Value))
		}
	}
	if like && wild == 0 {
		c.report("like-without-wildcard", entry.Position, "use "+strings.Replace(entry.Operator.Name, "Like", "Equals", 1), "%s without * or ? compares letter by letter",
			entry.Operator.Name)
	}
}

// matchAllHint says what a condition with a pattern for everything amounts to.
func matchAllHint(entry policy.ConditionEntry) string {
	o, null := entry.Operator, `use "Null": {"`+shown(entry.Key.Value)+`": `
	switch {
	case o.Set == "ForAllValues" && !o.Negated || o.Set == "" && o.IfExists && !o.Negated:
		return "remove it: it always holds"
	case o.Set == "ForAnyValue" && o.Negated:
		return "it never holds"
	case o.Negated:
		return null + `"true"}`
	}
	return null + `"false"}`
}

// repeats tells whether another value has all that value i has; of equal ones the later repeats the earlier.
func (c *checker) repeats(values []policy.Text, i int) bool {
	for j, other := range values {
		if c.exhausted() {
			return false
		}
		if j == i || !c.spendMatch(other.Value, values[i].Value) || strings.Trim(other.Value, "*") == "" {
			continue
		}
		if covers(other.Value, values[i].Value, false) && (j < i || !covers(values[i].Value, other.Value, false)) {
			return true
		}
	}
	return false
}

// hasWildcard finds a * or ? that is not written as ${*} or ${?}.
func hasWildcard(text string) bool {
	return strings.ContainsAny(strings.NewReplacer("${*}", "", "${?}", "").Replace(text), "*?")
}

// checkBounds finds numbers that another one makes superfluous.
func (c *checker) checkBounds(entry policy.ConditionEntry) {
	if len(entry.Values) > 1 && strings.Contains(entry.Operator.Base, "Than") {
		c.report("redundant-number", entry.Position, "keep the widest", "any of these bounds is enough, so that only the widest matters")
	}
}

func (c *checker) checkDates(entry policy.ConditionEntry) {
	for _, value := range entry.Values {
		if _, err := strconv.ParseFloat(value.Value, 64); err == nil && len(value.Value) != len("2006") {
			c.report("invalid-date-value", value.Position, "write it as "+epochDate(value.Value), "seconds since 1970 are easily mistaken")
		}
	}
}

// epochDate writes seconds since 1970 as AWS recommends dates.
func epochDate(text string) string {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > 253402300799 {
		return "YYYY-MM-DDThh:mm:ssZ"
	}
	return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
}

func (c *checker) checkBooleans(entry policy.ConditionEntry) {
	seen := map[string]bool{}
	for _, value := range entry.Values {
		seen[strings.ToLower(value.Value)] = true
	}
	if seen["true"] && seen["false"] {
		c.report("multiple-booleans", entry.Position, "keep one of them", "%s is always either", shown(entry.Key.Value))
	}
}

// checkAddresses looks at ranges, and at private ones for a key that only has public addresses.
func (c *checker) checkAddresses(entry policy.ConditionEntry) {
	private := 0
	for _, value := range entry.Values {
		prefix, err := netip.ParsePrefix(value.Value)
		if err != nil {
			address, err := netip.ParseAddr(value.Value)
			if err != nil {
				continue
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		} else if prefix != prefix.Masked() {
			c.report("improve-ip-range", value.Position, "write "+prefix.Masked().String(), "the mask hides bits of the address")
		}
		if isPrivate(prefix) {
			private++
		}
	}
	switch {
	case !strings.EqualFold(entry.Key.Value, "aws:SourceIp") || private == 0:
	case private == len(entry.Values):
		c.report("private-source-ip", entry.Position, "through a VPC endpoint a request has aws:VpcSourceIp", "aws:SourceIp is never a private address")
	default:
		c.report("private-source-ip-subset", entry.Position, "through a VPC endpoint a request has aws:VpcSourceIp", "aws:SourceIp is never one of the private addresses here")
	}
}

// privateRanges are those of RFC 1918 and RFC 4193.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
}

func isPrivate(prefix netip.Prefix) bool {
	return slices.ContainsFunc(privateRanges, func(r netip.Prefix) bool { return r.Bits() <= prefix.Bits() && r.Contains(prefix.Addr()) })
}

var (
	vpcID       = regexp.MustCompile(`^vpc-([0-9a-z]{8}|[0-9a-z]{17})$`)
	endpointID  = regexp.MustCompile(`^vpce-([0-9a-z]{8}|[0-9a-z]{17})$`)
	kmsKey      = regexp.MustCompile(`^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9A-Za-z-]+$`)
	serviceKeys = []string{"iam:passedtoservice", "iam:awsservicename", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:principalservicename",
		"aws:principalservicenameslist", "kms:viaservice"}
)

// checkNames holds values of certain keys against the form that they must have. Patterns and variables are left alone.
func (c *checker) checkNames(entry policy.ConditionEntry) {
	key := strings.ToLower(entry.Key.Value)
	for _, value := range entry.Values {
		text := value.Value
		if entry.Operator.Type != policy.StringOperator && entry.Operator.Type != policy.ARNOperator || strings.ContainsAny(text, "*?$") || placeholders.MatchString(text) {
			continue
		}
		switch {
		case key == "aws:requestedregion":
			if _, known := partitionOf(text); !known {
				c.report("invalid-region", value.Position, "", "there is no region %s", shown(text))
			}
		case key == "aws:sourcevpc" && !vpcID.MatchString(text):
			c.report("invalid-vpc", value.Position, "", "%s is not vpc- and 8 or 17 letters and digits", shown(text))
		case key == "aws:sourcevpce" && !endpointID.MatchString(text):
			c.report("invalid-vpce", value.Position, "", "%s is not vpce- and 8 or 17 letters and digits", shown(text))
		case key == "s3:x-amz-server-side-encryption-aws-kms-key-id" && !kmsKey.MatchString(text):
			c.report("invalid-kms-key", value.Position, "write arn:aws:kms:REGION:ACCOUNT:key/ID", "%s is not the ARN of a KMS key", shown(text))
		case slices.Contains(serviceKeys, key) && !isServicePrincipal(text):
			c.report("service-principal-format", value.Position, "service principals look like ec2.amazonaws.com", "%s is not the name of a service principal", shown(text))
		}
	}
}

// sensitiveKeys are those for which AWS sees no use of a pattern (IAM User Guide, "AWS global condition context keys": Sensitive condition keys).
var sensitiveKeys = []string{
	"aws:principalaccount", "aws:principalorgid", "aws:resourceaccount", "aws:resourceorgid", "aws:sourceaccount", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce",
	"aws:vpceaccount", "aws:vpceorgid",
}

// checkSensitive takes a variable for a pattern, as AWS does, unless it is itself such a key: ${aws:PrincipalAccount} is one account.
func (c *checker) checkSensitive(entry policy.ConditionEntry) {
	if entry.Operator.Type != policy.StringOperator || !slices.Contains(sensitiveKeys, strings.ToLower(entry.Key.Value)) {
		return
	}
	for _, value := range entry.Values {
		wild := strings.HasSuffix(entry.Operator.Base, "Like") && hasWildcard(value.Value)
		if c.document.Variables() {
			parts, _ := policy.CutVariables(value.Value)
			for _, part := range parts {
				wild = wild || part.Variable != "" && !slices.Contains(sensitiveKeys, strings.ToLower(part.Variable))
			}
		}
		if wild {
			c.report("sensitive-key-pattern", value.Position, "write the value out", "%s says whose it is, and %s may match others", shown(entry.Key.Value), shown(value.Value))
		}
	}
}
