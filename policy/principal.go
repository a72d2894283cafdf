package policy

import (
	"fmt"
	"slices"
	"strings"
)

// PrincipalType is the kind of caller, spelled as aws:PrincipalType where that key has a value for it.
type PrincipalType string

// The kinds of callers.
const (
	Root          PrincipalType = "Account"
	User          PrincipalType = "User"
	Role          PrincipalType = "Role" // a role ARN itself, without a session
	AssumedRole   PrincipalType = "AssumedRole"
	FederatedUser PrincipalType = "FederatedUser"
	WebIdentity   PrincipalType = "WebIdentity" // an OIDC provider's ARN: the caller of AssumeRoleWithWebIdentity
	Service       PrincipalType = "Service"     // ARN is the service principal's name, such as ec2.amazonaws.com
	Anonymous     PrincipalType = "Anonymous"
)

// Principal is who calls. The zero value is nobody and matches nothing.
type Principal struct {
	Type    PrincipalType
	ARN     string // arn:aws:sts::A:assumed-role/r/s for a session, the provider's ARN for a web identity, …
	Account string
	RoleARN string // a session's role, with its path; aws:PrincipalArn
	ID      string // unique id: AIDA…, or the role's AROA… (without :session)
	Session string // session name, if any; aws:userid is ID:Session
}

// ParsePrincipal reads a principal as text: the ARN of a user, role, role session, federated user, account root or OIDC
// provider, an account id, or a service principal. An ARN says nothing about unique ids, and a session's does not hold
// its role's path; RoleARN is then the role's ARN without one. An account id says nothing about its partition; it is read
// as one of aws.
func ParsePrincipal(text string) (Principal, error) {
	if IsAccountID(text) {
		return Principal{Type: Root, ARN: "arn:aws:iam::" + text + ":root", Account: text, ID: text}, nil
	}
	if isServicePrincipal(text) {
		return Principal{Type: Service, ARN: text}, nil
	}
	arn, err := ParseARN(text)
	if err != nil || !IsAccountID(arn.Account) || arn.Region != "" {
		return Principal{}, fmt.Errorf("%q is not a principal: neither an ARN of IAM or STS, an account id nor a service principal", text)
	}
	p := Principal{ARN: text, Account: arn.Account}
	kind, name, _ := strings.Cut(arn.Resource, "/")
	switch {
	case arn.Service == "iam" && arn.Resource == "root":
		p.Type, p.ID = Root, arn.Account
	case arn.Service == "iam" && kind == "user" && name != "":
		p.Type = User
	case arn.Service == "iam" && kind == "role" && name != "":
		p.Type, p.RoleARN = Role, text
	case arn.Service == "iam" && kind == "oidc-provider" && name != "":
		p.Type = WebIdentity
	case arn.Service == "sts" && kind == "federated-user" && name != "":
		p.Type, p.Session = FederatedUser, name
	case arn.Service == "sts" && kind == "assumed-role":
		role, session, ok := strings.Cut(name, "/")
		if !ok || role == "" || session == "" || strings.Contains(session, "/") {
			return Principal{}, fmt.Errorf("%q is not a role session's ARN (…:assumed-role/ROLE/SESSION)", text)
		}
		p.Type, p.Session = AssumedRole, session
		p.RoleARN = "arn:" + arn.Partition + ":iam::" + arn.Account + ":role/" + role
	default:
		return Principal{}, fmt.Errorf("%q is not the ARN of a principal", text)
	}
	return p, nil
}

// hasCredentials tells whether the caller signs with credentials of an account, so that the account's policies apply.
func (p *Principal) hasCredentials() bool {
	switch p.Type {
	case Root, User, Role, AssumedRole, FederatedUser:
		return true
	}
	return false
}

// isServiceLinked tells whether the caller is a service-linked role, which no policy of an organization bounds (AWS Organizations User Guide, "Service
// control policies" and "Resource control policies").
func (p *Principal) isServiceLinked() bool {
	_, path, _ := strings.Cut(p.RoleARN, ":role/")
	return (p.Type == AssumedRole || p.Type == Role) && strings.HasPrefix(path, "aws-service-role/")
}

// principalARN is aws:PrincipalArn: a session's is its role's, with the role's path.
func (p *Principal) principalARN() string {
	switch {
	case !p.hasCredentials():
		return ""
	case p.Type == AssumedRole && p.RoleARN != "":
		return p.RoleARN
	}
	return p.ARN
}

// principalAccount is aws:PrincipalAccount, which an anonymous request has as well: "anonymous".
func (p *Principal) principalAccount() string {
	switch {
	case p.hasCredentials():
		return p.Account
	case p.Type == Anonymous:
		return "anonymous"
	}
	return ""
}

func (p *Principal) principalType() string {
	switch p.Type {
	case Root, User, AssumedRole, FederatedUser, Anonymous:
		return string(p.Type)
	case Role: // a role acts through its sessions only
		return string(AssumedRole)
	}
	return ""
}

func (p *Principal) userID() string {
	switch p.Type {
	case Root:
		return p.Account
	case User:
		return p.ID
	case AssumedRole:
		if p.ID != "" && p.Session != "" {
			return p.ID + ":" + p.Session
		}
	case FederatedUser:
		if p.Session != "" {
			return p.Account + ":" + p.Session
		}
	case Anonymous:
		return "anonymous"
	}
	return ""
}

func (p *Principal) username() string {
	if p.Type == User {
		return lastElement(p.ARN)
	}
	return ""
}

// lastElement is what follows the last slash: the name in the ARN of a user or role that has a path.
func lastElement(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// isServicePrincipal tells whether text is the name of an AWS service: ec2.amazonaws.com. Other partitions have names under
// their own DNS suffixes (ec2.amazonaws.com.cn, ec2.c2s.ic.gov) beside those that AWS uses everywhere; which service has
// which is documented nowhere as a whole, so that every suffix counts in every partition. Alexa has names of its own (Alexa
// Skills Kit, "Host a Custom Skill as an AWS Lambda Function" and its like for smart homes).
func isServicePrincipal(text string) bool {
	if text == "alexa-appkit.amazon.com" || text == "alexa-connectedhome.amazon.com" {
		return true
	}
	if !slices.ContainsFunc(partitions, func(p Partition) bool {
		name, ok := strings.CutSuffix(text, p.DNSSuffix)
		return ok && strings.HasSuffix(name, ".")
	}) {
		return false
	}
	for _, label := range strings.Split(text, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}
