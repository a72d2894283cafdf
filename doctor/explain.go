package doctor

import (
	"path"
	"strings"

	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/lint"
	"github.com/openirsa/openirsa/sts"
)

// defaultAudience is that of tokens for AWS, in every partition.
const defaultAudience = "sts.amazonaws.com"

// explain names the cause of an exchange that will fail.
func explain(in sts.PreflightInput, found sts.PreflightResult) Warning {
	switch found.Step {
	case sts.StepARN:
		return say("A03", "%s is not the ARN of a role. Write it as arn:aws:iam::ACCOUNT:role/NAME, with the role's path if it has one.", in.RoleARN)
	case sts.StepProvider:
		return explainProvider(in.Issuer, found.Issuers)
	case sts.StepAudience:
		if in.Audience == defaultAudience {
			return say("P05", "The provider has the client ids %s. Add %s with `aws iam add-client-id-to-open-id-connect-provider`.",
				strings.Join(found.ClientIDs, ", "), defaultAudience)
		}
		return say("P06", "Audience %s is no client id of the provider. Add it there and in the trust policy, or leave the audience annotation out.", in.Audience)
	case sts.StepRole:
		return explainRole(in.RoleARN, found.OtherRole)
	}
	return explainTrust(in, found)
}

// explainProvider tells an issuer that nobody registered from one that was registered otherwise.
func explainProvider(issuer string, others []string) Warning {
	near, distance := nearest(issuer, others)
	switch {
	case near != "" && (strings.EqualFold(strings.TrimSuffix(near, "/"), strings.TrimSuffix(issuer, "/")) || distance <= maxSlip):
		return say("P04", "The provider is for %s, but the issuer is %s. A provider's URL cannot be changed: create one for exactly the issuer.", near, issuer)
	case near != "" && sameHost(near, issuer):
		return say("P02", "The account has a provider for %s, but the cluster's issuer is now %s. Create a provider for it and delete the old one.", near, issuer)
	}
	return say("P01", "The role's account has no OIDC provider for %s. Create it with client id sts.amazonaws.com, or register the cluster there.", issuer)
}

func sameHost(a, b string) bool {
	host := func(issuer string) string {
		host, _, _ := strings.Cut(strings.TrimPrefix(issuer, "https://"), "/")
		return strings.ToLower(host)
	}
	return host(a) == host(b)
}

// explainRole tells a role that is not there from one whose ARN was written otherwise.
func explainRole(asked, other string) Warning {
	wanted, _ := policy.ParseARN(asked)
	has, err := policy.ParseARN(other)
	switch {
	case err != nil:
		return say("T20", "There is no role %s. Create it, or correct the annotation; AWS answers AccessDenied and does not say so.", asked)
	case has.Partition != wanted.Partition:
		return say("T09", "The role's partition is %s: its ARN is %s, not %s.", has.Partition, other, asked)
	}
	return say("A05", "The role's ARN is %s, not %s. Its path and the case of its name belong to it.", other, asked)
}

// explainTrust names what of a trust policy keeps the token out.
func explainTrust(in sts.PreflightInput, found sts.PreflightResult) Warning {
	reasons := found.Decision.Reasons()
	document, err := policy.Parse([]byte(found.TrustPolicy))
	if len(reasons) == 0 || err != nil || reasons[0].Statement < 0 {
		return say("A11", "The role's trust policy does not accept %s. Look at it with `aws iam get-role`.", in.Subject)
	}
	reason := reasons[0]
	if found.Decision.Effect == policy.ExplicitlyDenied {
		return say("T19", "Statement %s of the role's trust policy denies %s explicitly. Narrow it.", statementName(reason), in.Subject)
	}
	t := trust{in: in, provider: found.Provider, reason: reason, statement: document.Statement(reason.Statement)}
	t.lint(document)
	switch {
	case t.found["T17"]:
		return say("T17", "The trust policy still has a placeholder in statement %s. Put the cluster's issuer id and the account in its place.", statementName(reason))
	case reason.Failed == "Action":
		return say("T14", "The trust policy allows %s; tokens need sts:AssumeRoleWithWebIdentity.", strings.Join(reason.Wanted, ", "))
	case reason.Failed == "Principal":
		return t.principal()
	}
	return t.condition()
}

// statementName is how a statement is called: by its Sid, else by its number, from 0.
func statementName(r policy.Reason) string {
	if r.SID != "" {
		return r.SID
	}
	return itoa(r.Statement)
}

// trust is the nearest statement of a trust policy, and what of it failed.
type trust struct {
	in        sts.PreflightInput
	provider  string // ARN of the token's
	reason    policy.Reason
	statement policy.Statement
	found     map[string]bool // ids of what is wrong with the statement whoever asks
}

// lint keeps what package lint finds in the statement.
func (t *trust) lint(document *policy.Document) {
	t.found = map[string]bool{}
	for _, finding := range lint.Check(document, lint.Options{Kind: lint.Trust}) {
		if finding.Statement == t.reason.Statement {
			t.found[finding.ID] = true
		}
	}
}

// principal explains a statement for somebody else.
func (t *trust) principal() Warning {
	federated := ""
	for _, list := range t.statement.Principal.Types {
		if list.Type == "Federated" && len(list.Values) > 0 {
			federated = list.Values[0].Value
		}
	}
	named, wanted := splitARN(federated), splitARN(t.provider)
	switch {
	case federated == "":
		return say("T15", "The trust policy names no federated principal. It needs \"Principal\": {\"Federated\": %s}.", quoted(t.provider))
	case strings.Contains(federated, "oidc-provider/https://"):
		return say("T05", "The provider's ARN in the trust policy has https:// in it. Write %s.", t.provider)
	case named.Partition != wanted.Partition && named.Resource == wanted.Resource:
		return say("T09", "The trust policy names a provider of partition %s. Write %s.", named.Partition, t.provider)
	case named.Account != wanted.Account && named.Resource == wanted.Resource:
		return say("T08", "The trust policy names the provider in account %s, but role and provider are in %s. Write %s.", named.Account, wanted.Account, t.provider)
	}
	return say("T07", "The trust policy trusts %s, not this cluster's provider. Add a statement for %s.", federated, t.provider)
}

func splitARN(text string) policy.ARN {
	arn, _ := policy.ParseARN(text)
	return arn
}

// condition explains a condition that does not hold.
func (t *trust) condition() Warning {
	issuer := strings.TrimPrefix(t.in.Issuer, "https://")
	key := t.reason.Key
	claim := key[strings.LastIndexByte(key, ':')+1:]
	of := strings.TrimSuffix(key, ":"+claim)
	switch isClaim := strings.EqualFold(claim, "sub") || strings.EqualFold(claim, "aud"); {
	case !isClaim:
		return say("T18", "The trust policy asks for %s by %s, which tokens of service accounts do not bring. Remove that condition.", key, t.reason.Operator)
	case strings.HasPrefix(strings.ToLower(key), "https://"):
		return say("T04", "The condition key %s has https:// in it. Write %s:%s.", key, issuer, claim)
	case !strings.EqualFold(of, issuer) && t.namesIssuer(issuer):
		return say("T13", "Statement %s asks for claims of two issuers at once, which no token has. Write one statement for each provider.", statementName(t.reason))
	case !strings.EqualFold(of, issuer):
		return say("T06", "The condition is on %s, but the issuer is %s. Write %s:%s.", key, issuer, issuer, claim)
	case strings.EqualFold(claim, "aud"):
		return t.audience()
	}
	return t.subject()
}

// namesIssuer tells whether another condition of the statement is on the token's issuer.
func (t *trust) namesIssuer(issuer string) bool {
	for _, c := range t.statement.Conditions {
		if strings.HasPrefix(strings.ToLower(c.Key.Value), strings.ToLower(issuer)+":") {
			return true
		}
	}
	return false
}

func (t *trust) audience() Warning {
	wanted := strings.Join(t.reason.Wanted, ", ")
	if strings.Contains(wanted, "system:serviceaccount:") {
		return say("T11", "The trust policy has a subject, %s, under :aud. Put it under :sub, and %s under :aud.", wanted, t.in.Audience)
	}
	return say("T10", "The trust policy wants the audience %s, but the token's is %s. Make both the same.", wanted, t.in.Audience)
}

// subject explains a condition on :sub. What can never match is told before what matches others.
func (t *trust) subject() Warning {
	subject := t.in.Subject
	near, _ := nearest(subject, t.reason.Wanted)
	switch {
	case near == "":
		return say("A11", "The role's trust policy does not accept %s. Look at it with `aws iam get-role`.", subject)
	case t.meantAsAlternative():
		return say("T12", "Two operators on :sub must both hold, they are no alternatives. Put %s into one StringLike, or write two statements.", subject)
	}
	for _, wanted := range t.reason.Wanted {
		if strings.ContainsAny(wanted, "*?") && matches(wanted, subject) {
			return say("T03", "%s takes the wildcard in %s literally. Use StringLike.", t.reason.Operator, wanted)
		}
	}
	namespace, name, ok := splitSubject(near)
	ours, own, _ := splitSubject(subject)
	switch {
	case strings.Contains(near, "amazonaws.com") && !ok:
		return say("T11", "The trust policy has an audience, %s, under :sub. Put it under :aud, and %s under :sub.", near, subject)
	case !ok || t.found["T16"] && strings.EqualFold(near, subject):
		return say("T16", "The trust policy's subject %s is misspelt. Write %s.", quoted(near), subject)
	case namespace == ours && generated(name, own):
		return say("T26", "The trust policy names %s, an earlier generated name of %s. Give the service account a fixed name, or use StringLike with its prefix.", name, own)
	case namespace != ours:
		return say("T02", "The role trusts %s; this one is %s. Correct the namespace in the trust policy, or use another role.", near, subject)
	}
	return say("T01", "The role trusts %s; this one is %s. Correct the name in the trust policy, or use another role.", near, subject)
}

// meantAsAlternative tells whether the statement has another operator on :sub that this subject satisfies.
func (t *trust) meantAsAlternative() bool {
	for _, c := range t.statement.Conditions {
		if c.Operator.Name == t.reason.Operator || !strings.EqualFold(c.Key.Value, t.reason.Key) || c.Operator.Type != policy.StringOperator || c.Operator.Negated {
			continue
		}
		for _, value := range c.Values {
			if value.Value == t.in.Subject || c.Operator.Base == "StringLike" && matches(value.Value, t.in.Subject) {
				return true
			}
		}
	}
	return false
}

// matches tells whether a pattern with * and ? matches a subject, which has neither slashes nor brackets.
func matches(pattern, subject string) bool {
	matched, err := path.Match(pattern, subject)
	return err == nil && matched
}

// splitSubject takes a service account's subject apart.
func splitSubject(subject string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(subject, "system:serviceaccount:")
	namespace, name, both := strings.Cut(rest, ":")
	ok = ok && both && namespace != "" && name != "" && subject == strings.ToLower(subject) && !strings.ContainsAny(name, ": /\"") && !strings.ContainsAny(namespace, " /\"")
	return namespace, name, ok
}

// reaches says whom else the role trusts, and what its trust policy leaves open.
func reaches(in sts.PreflightInput, found sts.PreflightResult) (warnings []Warning) {
	if document, err := policy.Parse([]byte(found.TrustPolicy)); err == nil {
		open := map[string]string{
			"S01": "The trust policy of %s has no condition: every token of the provider gets the role. Add conditions on :sub and :aud.",
			"S02": "The trust policy of %s has no condition on :sub: every service account of the cluster gets the role. Add one.",
			"S04": "The trust policy of %s accepts every subject. Name the service accounts that need the role.",
			"S05": "The trust policy of %s has a wildcard in the namespace of :sub. Name the namespace.",
			"S07": "The trust policy of %s has ForAllValues on a claim, which holds of tokens without it. Leave ForAllValues out.",
			"S08": "The trust policy of %s has IfExists on a claim, which holds of tokens without it. Leave IfExists out.",
			"S09": "The trust policy of %s only asks that there be a subject, and every token has one. Name the service accounts that need the role.",
			"S10": "The trust policy of %s accepts every subject but some. Name the service accounts that need the role.",
		}
		told := map[string]bool{}
		for _, finding := range lint.Check(document, lint.Options{Kind: lint.Trust}) {
			if text, ok := open[finding.ID]; ok && !told[finding.ID] {
				told[finding.ID] = true
				warnings = append(warnings, say(finding.ID, text, in.RoleARN))
			}
		}
	}
	ours, _, _ := splitSubject(in.Subject)
	switch namespace, _, _ := splitSubject(first(found.Subjects)); {
	case len(found.Subjects) == 0:
	case len(found.Subjects) == 1 && namespace == ours:
		warnings = append(warnings, say("U10", "%s trusts %s too. Give each service account a role of its own.", in.RoleARN, found.Subjects[0]))
	case len(found.Subjects) == 1:
		warnings = append(warnings, say("S14", "%s trusts %s of another namespace too. Give each a role of its own.", in.RoleARN, found.Subjects[0]))
	default:
		near, _ := nearest(in.Subject, found.Subjects)
		warnings = append(warnings, say("S14", "%s trusts %s other service accounts too, %s among them. Give each a role of its own.",
			in.RoleARN, itoa(len(found.Subjects)), near))
	}
	return warnings
}
