package webhook

import (
	"strconv"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Sources are what names accounts beside their own annotations.
type Sources struct {
	Containers ContainerAccounts // beats the role annotation
	Roles      Roles             // beaten by it
}

// Resolve says who the pods of an account are to AWS, and false if they are nobody. account has its names even where
// there is no such account. Container credentials beat the role annotation, and that the ConfigMap's entries:
// ns/name, then */name. Settings must be Complete.
//
// A role's ARN that does not look like one is used all the same, as amazon-eks-pod-identity-webhook does; a warning
// says so.
func Resolve(account ServiceAccount, sources Sources, settings Settings) (Identity, []Warning, bool) {
	annotations := account.Annotations
	identity := Identity{
		Namespace:   account.Namespace,
		Audience:    settings.Audience,
		Expiration:  expiration(annotations, settings.Expiration),
		RegionalSTS: settings.RegionalSTS,
		Extras:      settings.Extras.override(annotations),
	}
	if regional, err := strconv.ParseBool(annotations[annotationRegionalSTS]); err == nil {
		identity.RegionalSTS = regional
	}
	if sources.Containers.Has(account.Namespace, account.Name) {
		identity.Method = ContainerCredentials
		identity.Audience = settings.ContainerCredentials.Audience
		return identity, nil, true
	}
	if account.HasRole() {
		identity.RoleARN = settings.compose(annotations[annotationRole])
		if audience, ok := annotations[annotationAudience]; ok {
			identity.Audience = audience
		}
	} else if role, ok := sources.Roles.find(account.Namespace, account.Name); ok && role.ARN != "" {
		identity.RoleARN = role.ARN
		identity.RegionalSTS = role.RegionalSTS
		identity.Expiration = role.expiration(settings)
		if role.Audience != "" {
			identity.Audience = role.Audience
		}
	} else {
		return Identity{}, nil, false
	}
	return identity, warnRole(identity.RoleARN), true
}

// HasRole tells whether the account's annotation names a role.
func (a ServiceAccount) HasRole() bool { return a.Annotations[annotationRole] != "" }

// compose makes an ARN of a role's name where that is wanted.
func (s *Settings) compose(role string) string {
	if s.Compose == nil || strings.Contains(role, "arn:") {
		return role
	}
	return "arn:" + s.Compose.Partition + ":iam::" + s.Compose.Account + ":role/" + role
}

// warnRole says what is wrong with a role's ARN (A03).
func warnRole(arn string) []Warning {
	if isRoleARN(arn) {
		return nil
	}
	return []Warning{warn("A03", "%s does not look like a role's ARN (arn:aws:iam::111122223333:role/name); "+
		"it is injected as it is.",
		quote(arn))}
}

// isRoleARN is amazon-eks-pod-identity-webhook's measure: ^arn:aws[a-z0-9-]*:iam::\d{12}:role/[\w-/.@+=,]+$.
func isRoleARN(text string) bool {
	arn, err := policy.ParseARN(text)
	if err != nil || arn.Service != "iam" || arn.Region != "" || !policy.IsAccountID(arn.Account) {
		return false
	}
	rest, ok := strings.CutPrefix(arn.Partition, "aws")
	if !ok || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return false
	}
	name, ok := strings.CutPrefix(arn.Resource, "role/")
	if !ok || name == "" {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("_-/.@+=,", c) >= 0) {
			return false
		}
	}
	return true
}

// quote shows foreign text in a sentence: quoted, and no longer than leaves room for the sentence.
func quote(text string) string {
	const most = 80
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strconv.Quote(text)
}
