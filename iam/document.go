package iam

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Sizes of documents without white space (IAM quotas, the defaults).
const (
	maxTrustPolicy   = 2048
	maxManagedPolicy = 6144
)

// parseDocument reads a document that is to be saved. The language as such allows a list without statements; IAM saves none.
func parseDocument(kind policy.Kind, source string) (*policy.Document, error) {
	document, err := policy.Parse([]byte(source))
	if err != nil {
		return nil, malformed(kind, err)
	}
	if document.Len() == 0 {
		empty := &policy.Error{Position: policy.Position{Line: 1, Column: 1}, Message: "the document has no statement", AWS: "Syntax errors in policy."}
		if kind == policy.Trust {
			empty.AWS = "Could not parse the policy: Statement is empty!"
		}
		return nil, malformed(kind, empty)
	}
	return document, nil
}

// checkIdentity reads an identity policy that is to be saved. Whatever it says, it compiles; else the answer is MalformedPolicyDocument.
func checkIdentity(name, source string) (*policy.Document, error) {
	document, err := parseDocument(policy.Identity, source)
	if err != nil {
		return nil, err
	}
	return document, compileIdentity(name, document)
}

func compileIdentity(name string, document *policy.Document) error {
	if _, err := policy.Compile(name, document, policy.Options{Kind: policy.Identity}); err != nil {
		return malformed(policy.Identity, err)
	}
	return nil
}

// checkTrust reads a trust policy that is to be saved and resolves the users and roles that it names to their unique ids, so that whoever gets
// such a name later does not get the grant with it (IAM User Guide, "AWS JSON policy elements: Principal").
func (tx *draft) checkTrust(source string) (principalIDs map[string]string, err error) {
	document, err := parseDocument(policy.Trust, source)
	if err != nil {
		return nil, err
	}
	principalIDs, err = tx.principalIDs(document)
	if unknown, ok := errors.AsType[*invalidPrincipal](err); ok {
		return nil, malformed(policy.Trust, &policy.Error{
			Position: unknown.name.Position,
			Message:  "there is no such user or role on this plane: " + unknown.name.Value,
			AWS:      `Invalid principal in policy: "AWS":"` + unknown.name.Value + `"`,
		})
	}
	if err != nil {
		return nil, err
	}
	if _, err := policy.Compile("trust policy", document, policy.Options{Kind: policy.Trust, PrincipalIDs: principalIDs}); err != nil {
		return nil, malformed(policy.Trust, err)
	}
	if document.Size() > maxTrustPolicy {
		return nil, quota("ACLSizePerRole", maxTrustPolicy)
	}
	return principalIDs, nil
}

// principalID is the unique id of the role or user that has this ARN now, in any account of this plane; "" if there is none. Own is the account
// at hand.
func (d *Directory) principalID(ctx context.Context, own *Account, arn string) (string, error) {
	parsed, err := policy.ParseARN(arn)
	if err != nil {
		return "", nil
	}
	n := OfRole(parsed.Resource[strings.LastIndexByte(parsed.Resource, '/')+1:])
	if strings.HasPrefix(parsed.Resource, "user/") {
		n = OfUser(n.RoleName)
	}
	entry, err := d.entity(ctx, own, parsed.Account, n)
	if err != nil || entry == nil || entry.identity.ARN != arn {
		return "", err
	}
	return entry.identity.ID, nil
}

// entity is who has a name in an account of this plane; nil if there is nobody.
func (d *Directory) entity(ctx context.Context, own *Account, account string, n IdentityName) (*identityEntry, error) {
	a := own
	if account != own.id {
		var err error
		a, err = d.Account(ctx, account)
		if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == "NoSuchEntity" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	entry, err := a.identity(n)
	if err != nil {
		return nil, nil
	}
	return entry, nil
}

// principalNow is the ARN that the role or user with this unique id has now, which was saved under arn; the id itself when it is gone. Who is
// renamed keeps the id, and with it the grant (IAM User Guide, "Rename an IAM user").
func (d *Directory) principalNow(ctx context.Context, own *Account, arn, id string) (string, error) {
	parsed, err := policy.ParseARN(arn)
	if err != nil {
		return id, nil
	}
	a := own
	if parsed.Account != own.id {
		a, err = d.Account(ctx, parsed.Account)
		if refusal, ok := errors.AsType[*Error](err); ok && refusal.Code == "NoSuchEntity" {
			return id, nil // the account was closed, and all that was in it is gone
		}
		if err != nil {
			return "", err
		}
	}
	if entry, ok := a.roleIDs[id]; ok {
		return entry.role.ARN, nil
	}
	if entry, ok := a.userIDs[id]; ok {
		return entry.user.ARN, nil
	}
	return id, nil
}

// shown is a role as requests see it: its trust policy names principals that were renamed by the ARNs that they have now, and those that are gone
// by their unique ids, as on AWS.
func (d *Directory) shown(ctx context.Context, a *Account, entry *roleEntry) (Role, error) {
	role := entry.role
	role.LastUsed = d.lastUse(ctx, role.ID)
	var err error
	role.TrustPolicy, err = d.shownDocument(ctx, a, role.TrustPolicy, entry.principalIDs)
	return role, err
}

// shownDocument is a document in which principals that were saved by unique ids have the names that they have now.
func (d *Directory) shownDocument(ctx context.Context, a *Account, document string, principalIDs map[string]string) (string, error) {
	var changes []string // pairs, which are replaced all at once: one principal may have got another's name
	for arn, id := range principalIDs {
		now, err := d.principalNow(ctx, a, arn, id)
		if err != nil {
			return "", err
		}
		if now != arn {
			quoted, err := json.Marshal(arn)
			if err != nil {
				return "", err
			}
			changes = append(changes, string(quoted), `"`+now+`"`)
		}
	}
	if len(changes) > 0 {
		document = strings.NewReplacer(changes...).Replace(document)
	}
	return document, nil
}

// inlineSize is what a role's inline policies count together.
func inlineSize(documents map[string]string) (int, error) {
	size := 0
	for source := range maps.Values(documents) {
		document, err := policy.Parse([]byte(source))
		if err != nil {
			return 0, err
		}
		size += document.Size()
	}
	return size, nil
}
