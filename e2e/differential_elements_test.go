package e2e

import (
	"strconv"
	"strings"
	"time"
)

func (m *maker) addResources(to *statement, deny bool) {
	resources := []string{m.resourcePattern()}
	for m.chance(30) {
		resources = append(resources, m.resourcePattern())
	}
	if m.chance(8) {
		to.NotResource = resources
		if m.chance(60) {
			to.NotResource = []string{"arn:aws:s3:::elsewhere/*"}
		}
		return
	}
	to.Resource = resources
	if m.action.resources == nil && !deny && m.chance(85) {
		to.Resource = []string{"*"}
	}
}

func (m *maker) resourcePattern() string {
	if m.request.Resource == "*" {
		return pick(m, []string{"*", "*", "arn:aws:s3:::*", "arn:aws:sqs:eu-west-1:111122223333:orders"})
	}
	arn := m.request.Resource
	parts := strings.SplitN(arn, ":", 6)
	last := parts[5]
	prefix := strings.Join(parts[:5], ":") + ":"
	if kind, name, ok := strings.Cut(last, "/"); ok && parts[2] == "iam" { // IAM takes no wildcard in its types of resources
		prefix, last = prefix+kind+"/", name
	}
	switch m.IntN(14) {
	case 0, 1:
		return "*"
	case 2:
		return prefix + "*"
	case 3:
		return prefix + last[:1+m.IntN(len(last)-1)] + "*"
	case 4:
		i := m.IntN(len(last))
		return prefix + last[:i] + "?" + last[i+1:]
	case 5:
		i := 1 + m.IntN(len(last)-1)
		return prefix + last[:i] + "*" + last[min(len(last), i+m.IntN(3)):]
	case 6: // a wildcard for a whole part, or the end of one
		i := 3 + m.IntN(2)
		parts[i] = parts[i][:m.IntN(len(parts[i])+1)] + "*"
		return strings.Join(parts, ":")
	case 7:
		return pick(m, []string{strings.Join(parts[:3], ":") + ":*", "arn:aws:" + parts[2] + ":*:*:" + parts[5][strings.LastIndexByte(parts[5], ':')+1:], "arn:aws:" + parts[2] + ":*:*:*", "arn:*:" + parts[2] + ":" + parts[3] + ":" + parts[4] + ":" + parts[5]})
	case 8:
		return strings.Replace(arn, "Alice", pick(m, []string{"${aws:username}", "${aws:PrincipalTag/owner, 'Alice'}", "${aws:SourceIdentity}", "${aws:PrincipalTag/team}"}), 1)
	case 9:
		action := pick(m, m.actions)
		if action.resources != nil {
			return strings.ReplaceAll(pick(m, action.resources), "{account}", homeAccount)
		}
	}
	return arn
}

func (m *maker) addPrincipals(to *statement) {
	if to.Effect == "Deny" && m.chance(25) {
		to.NotPrincipal = &named{AWS: m.awsPrincipals()}
		return
	}
	c := m.request.Principal
	to.Principal = &named{}
	switch {
	case m.chance(15):
		to.Principal.all = true
	case m.chance(6):
		to.Principal.AWS = []string{"*"}
	case c.kind() == "service" && m.chance(85):
		to.Principal.Service = []string{string(c), "ec2.amazonaws.com"}[:1+m.IntN(2)]
	case c.kind() == "web" && m.chance(85):
		to.Principal.Federated = []string{string(c)}
	default:
		to.Principal.AWS = m.awsPrincipals()
		if m.chance(10) {
			to.Principal.Service = []string{"ec2.amazonaws.com"}
		}
	}
}

// awsPrincipals names the caller in one of the ways that there are, or somebody else.
func (m *maker) awsPrincipals() []string {
	c := m.request.Principal
	others := []string{"arn:aws:iam::111122223333:user/Carol", "arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:role/App", "arn:aws:sts::111122223333:assumed-role/App/other"}
	if c.account() == "" || m.chance(15) {
		return []string{pick(m, others)}
	}
	ways := []string{string(c), string(c), c.account(), "arn:aws:iam::" + c.account() + ":root"}
	if c.kind() == "session" {
		ways = append(ways, c.arn(), c.arn())
	}
	list := []string{pick(m, ways)}
	if m.chance(25) {
		list = append(list, pick(m, others))
	}
	return list
}

// addCondition adds an operator on a key, most of the time one that the request has.
func (m *maker) addCondition(to *statement) {
	var key conditionKey
	switch n := m.IntN(100); {
	case n < 65 && len(m.present) > 0:
		key = pick(m, m.present)
	case n < 82 && len(m.absent) > 0:
		key = pick(m, m.absent)
	default:
		key = pick(m, derivedConditionKeys())
	}
	operator := m.operator(key)
	name := key.name
	if m.chance(8) {
		name = m.flip(name)
	}
	var operands []string
	for range 1 + m.IntN(5)/3 {
		operands = append(operands, m.operand(key, operator))
	}
	if strings.HasSuffix(operator, "Null") || strings.Contains(operator, "Bool") {
		operands = operands[:1]
	}
	if to.Condition == nil {
		to.Condition = conditions{}
	}
	if to.Condition[operator] == nil {
		to.Condition[operator] = map[string][]string{}
	}
	for other := range to.Condition[operator] { // a key is a key in any case, and may occur once
		if strings.EqualFold(other, name) {
			return
		}
	}
	to.Condition[operator][name] = operands
}

// operator is one that AWS documents for the key's type.
func (m *maker) operator(key conditionKey) string {
	if m.chance(6) {
		return "Null"
	}
	texts := []string{"StringEquals", "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringLike", "StringNotLike"}
	operators := map[string][]string{
		"String":  texts,
		"ARN":     append([]string{"ArnEquals", "ArnLike", "ArnLike", "ArnNotEquals", "ArnNotLike", "ArnEquals"}, texts[5:]...),
		"Numeric": {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
		"Date":    {"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
		"Bool":    {"Bool"}, "IP": {"IpAddress", "NotIpAddress"}, "Binary": {"BinaryEquals"},
	}
	operator := pick(m, operators[key.kind])
	if m.chance(20) {
		operator += "IfExists"
	}
	percent := 8
	if key.list {
		percent = 90
	}
	if m.chance(percent) {
		operator = pick(m, []string{"ForAllValues:", "ForAnyValue:"}) + operator
	}
	return operator
}

func (m *maker) operand(key conditionKey, operator string) string {
	if operator == "Null" {
		return pick(m, []string{"true", "false"})
	}
	value := pick(m, key.values)
	context := m.request.Context[key.name]
	if context == nil {
		context = m.request.derived()[key.name]
	}
	if m.chance(60) {
		switch has := context.(type) {
		case string:
			value = has
		case []string:
			value = pick(m, has)
		}
	}
	switch key.kind {
	case "Numeric":
		return m.numeric(value)
	case "Date":
		return m.date(value)
	case "IP":
		return m.network(value)
	case "Bool":
		return pick(m, []string{value, value, value, "true", "false"})
	case "Binary":
		return value
	}
	return m.text(value, operator)
}

func (m *maker) numeric(value string) string {
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		panic(err) // a value of the table above
	}
	return pick(m, []string{value, value, strconv.FormatFloat(number+1, 'f', -1, 64), strconv.FormatFloat(number-1, 'f', -1, 64), strconv.FormatFloat(number, 'f', 2, 64)})
}

func (m *maker) date(value string) string {
	moment, err := time.Parse(time.RFC3339, value)
	if err != nil {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			panic(err)
		}
		moment = time.Unix(seconds, 0).UTC()
	}
	moment = moment.Add(pick(m, []time.Duration{0, 0, time.Second, -time.Second, 24 * time.Hour}))
	return pick(m, []string{moment.Format(time.RFC3339), moment.Format(time.RFC3339), moment.Format("2006-01-02"), strconv.FormatInt(moment.Unix(), 10),
		moment.In(time.FixedZone("", 2*60*60)).Format(time.RFC3339)})
}

func (m *maker) network(value string) string {
	if strings.Contains(value, ":") {
		return pick(m, []string{value, value + "/128", "2001:db8::/32", "fd00::/8", "2001:DB8:0:0::/64", "::/0"})
	}
	return pick(m, []string{value, value + "/32", value[:strings.LastIndexByte(value, '.')] + ".0/24", "10.0.0.0/8", "203.0.113.0/25", "0.0.0.0/0"})
}

// text is a variation of value for an operator on strings or ARNs.
func (m *maker) text(value, operator string) string {
	variables := []string{"${aws:username}", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'blue'}", "${aws:PrincipalTag/project}", "${aws:SourceIdentity}", "${aws:ResourceAccount}"}
	arn := strings.Contains(operator, "Arn")
	if m.chance(12) && !arn {
		return pick(m, variables)
	}
	wild := strings.Contains(operator, "Like") || arn
	if !wild || value == "" || m.chance(35) {
		if m.chance(8) && !arn {
			return pick(m, []string{strings.ToUpper(value), value + "*", value + "?", "${$}" + value, value + "${*}"})
		}
		return value
	}
	if arn {
		parts := strings.SplitN(value, ":", 6)
		i := 3 + m.IntN(3)
		parts[i] = pick(m, []string{"*", parts[i][:len(parts[i])/2] + "*", "${aws:PrincipalAccount}", parts[i] + "*"})
		return strings.Join(parts, ":")
	}
	i := m.IntN(len(value))
	return pick(m, []string{"*", value[:i] + "*", "*" + value[i:], value[:i] + "?" + value[i+1:], value[:i] + "*" + value[i+1:], value + "${*}", pick(m, variables) + "*"})
}
