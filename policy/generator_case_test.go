package policy_test

import (
	"encoding/json"
	"strings"
)

// statement has an effect, a condition, and Action and Resource or their Not forms.
func (g generator) statement(effect string) object {
	s := object{"Effect": effect, "Condition": g.condition()}
	if g.IntN(5) > 1 {
		s["Action"], s["Resource"] = "*", "*"
		return s
	}
	s[pick(g, "Action", "Action", "Action", "NotAction")] = some(g, actionPatterns...)
	s[pick(g, "Resource", "Resource", "Resource", "NotResource")] = some(g, resourcePatterns...)
	return s
}

func (g generator) effect() string {
	return pick(g, "Allow", "Allow", "Allow", "Allow", "Deny")
}

// document has up to three statements, each finished by complete.
func (g generator) document(complete func(object)) object {
	version := pick(g, "2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17")
	g.literal = version == "2008-10-17"
	statements := []any{}
	for range pick(g, 0, 1, 2, 2, 3, 3) {
		s := g.statement(g.effect())
		complete(s)
		statements = append(statements, s)
	}
	d := object{"Version": version, "Statement": statements}
	if len(statements) == 1 && g.IntN(3) == 0 {
		d["Statement"] = statements[0]
	}
	if g.literal && g.IntN(2) == 0 {
		delete(d, "Version") // which means the same
	}
	return d
}

func asItIs(object) {}

// withPrincipal makes a statement one of a resource's policy.
func (g generator) withPrincipal(s object) {
	s["Principal"] = g.principal()
	if s["Effect"] == "Deny" && g.IntN(3) == 0 {
		delete(s, "Principal")
		s["NotPrincipal"] = object{"AWS": some(g, namedAWS[1:]...)}
	}
}

// trusting makes a statement one of a role's trust policy.
func (g generator) trusting(s object) {
	for _, element := range []string{"Action", "NotAction", "Resource", "NotResource"} {
		delete(s, element)
	}
	s["Action"] = some(g, "sts:AssumeRole", "sts:*", "sts:TagSession", "sts:Assume*", "sts:AssumeRoleWithWebIdentity")
	s["Principal"] = g.principal()
}

// unconditional makes most statements of a limiting policy let everything pass, so that cases get beyond it.
func (g generator) unconditional(s object) {
	if s["Effect"] == "Allow" && g.IntN(3) > 0 {
		for _, element := range []string{"NotAction", "NotResource", "Condition"} {
			delete(s, element)
		}
		s["Action"], s["Resource"] = "*", "*"
	}
}

func (g generator) documents(complete func(object)) []any {
	documents := []any{}
	for range pick(g, 1, 1, 1, 2) {
		documents = append(documents, g.document(complete))
	}
	return documents
}

// fullAccess is FullAWSAccess and, with a principal, RCPFullAWSAccess.
func fullAccess(principal bool) object {
	s := object{"Effect": "Allow", "Action": "*", "Resource": "*"}
	if principal {
		s["Principal"] = "*"
	}
	return object{"Version": "2012-10-17", "Statement": []any{s}}
}

// scps are the levels of an organization; most have FullAWSAccess.
func (g generator) scps() []any {
	levels := []any{}
	for i := range g.IntN(4) {
		policies := []any{}
		if g.IntN(5) > 0 {
			policies = append(policies, fullAccess(false))
		}
		if g.IntN(3) == 0 {
			policies = append(policies, g.document(asItIs))
		}
		levels = append(levels, object{"level": strings.Repeat("ou-", i) + "x", "policies": policies})
	}
	return levels
}

// rcps all have RCPFullAWSAccess, and otherwise deny.
func (g generator) rcps() []any {
	levels := []any{}
	for range g.IntN(3) {
		policies := []any{fullAccess(true)}
		if g.IntN(2) == 0 {
			s := g.statement("Deny")
			s["Principal"] = "*"
			policies = append(policies, object{"Version": "2012-10-17", "Statement": []any{s}})
		}
		levels = append(levels, object{"level": "l", "policies": policies})
	}
	return levels
}

// next is a case.
func (g generator) next() object {
	request := object{"principal": pick(g, generatedPrincipals...), "action": pick(g, generatedActions...), "resource": pick(g, resources...), "context": g.context(), "wildcardOnlyAction": false}
	policies := object{}
	switch g.IntN(10) {
	case 0, 1:
		g.assumeRole(request, policies)
	case 2:
		request["action"], request["resource"] = "kms:Decrypt", "arn:aws:kms:us-east-1:"+pick(g, accountA, accountB)+":key/k"
		if g.IntN(4) > 0 {
			policies["resource"] = g.document(g.withPrincipal)
		}
	case 3:
		request["wildcardOnlyAction"], request["resource"] = true, "*"
		request["action"] = pick(g, "s3:ListAllMyBuckets", "ec2:DescribeInstances", "sts:GetCallerIdentity", "sts:GetSessionToken")
	case 4, 5, 6:
		policies["resource"] = g.document(g.withPrincipal)
	}
	if request["resource"] != "*" && policies["resource"] == nil && g.IntN(3) == 0 || g.IntN(12) == 0 {
		g.cover(request)
	}
	if g.IntN(4) == 0 && request["resource"] != "*" {
		request["resourceAccount"] = pick(g, accountA, accountB)
	}
	g.limits(policies)
	g.callersOwn(request["principal"], policies)
	return object{"request": request, "policies": policies}
}

// cover makes the request one about any of several resources.
func (g generator) cover(request object) {
	if request["wildcardOnlyAction"] == true || isTrust(object{"request": request}) {
		return
	}
	request["anyResource"] = true
	if request["action"] == "kms:Decrypt" {
		request["resource"] = "arn:aws:kms:us-east-1:" + pick(g, accountA, accountB) + pick(g, ":key/*", ":*", ":key/k?")
		return
	}
	request["resource"] = pick(g, coverings...)
}

func (g generator) assumeRole(request, policies object) {
	request["action"], request["resource"] = pick(g, "sts:AssumeRole", "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"), "arn:aws:iam::"+pick(g, accountA, accountA, accountB)+":role/target"
	if g.IntN(4) == 0 {
		request["principal"], request["action"] = provider, "sts:AssumeRoleWithWebIdentity"
	}
	if g.IntN(8) > 0 {
		policies["resource"] = g.document(g.trusting)
	}
}

// limits are the policies that are neither the caller's nor the resource's.
func (g generator) limits(policies object) {
	if g.IntN(3) == 0 {
		policies["scp"] = g.scps()
	}
	if g.IntN(3) == 0 {
		policies["rcp"] = g.rcps()
	}
	if g.IntN(8) == 0 {
		policies["vpcEndpoint"] = g.documents(func(s object) {
			g.unconditional(s)
			g.withPrincipal(s)
		})
	}
}

// callersOwn are policies for a caller that can have them and, rarely, for one that cannot: a Deny in them counts all the same.
func (g generator) callersOwn(principal any, policies object) {
	caller := naivePrincipal(principal)
	if caller.kind == "root" || !caller.hasAccount() && g.IntN(8) > 0 {
		return
	}
	policies["identity"] = g.documents(asItIs)
	if caller.kind != "federated user" && g.IntN(4) == 0 {
		policies["permissionBoundary"] = g.documents(g.unconditional)
	}
	if caller.kind == "federated user" && g.IntN(4) > 0 || caller.kind == "session" && g.IntN(3) == 0 {
		if policies["session"] = any(g.documents(g.unconditional)); g.IntN(2) == 0 {
			policies["session"] = g.document(g.unconditional)
		}
	}
}

// line is a case as simulate reads it.
func line(c object) []byte {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return text
}
