package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// Kind is what a document is for: it decides on the grammar and on the quota.
type Kind string

// The kinds of documents.
const (
	Guess       Kind = ""             // by the document itself: see GuessKind
	Identity    Kind = "identity"     // a managed policy
	InlineRole  Kind = "inline-role"  // an inline policy of a role
	InlineUser  Kind = "inline-user"  // an inline policy of a user
	InlineGroup Kind = "inline-group" // an inline policy of a group
	Boundary    Kind = "boundary"     // a permissions boundary
	Session     Kind = "session"      // a session policy
	Trust       Kind = "trust"        // a role's trust policy
	Resource    Kind = "resource"     // a policy of a resource, such as a bucket
	SCP         Kind = "scp"          // a service control policy
	RCP         Kind = "rcp"          // a resource control policy
	Endpoint    Kind = "endpoint"     // a policy of a VPC endpoint
)

// Kinds are all kinds by name.
func Kinds() []Kind {
	return []Kind{Identity, InlineRole, InlineUser, InlineGroup, Boundary, Session, Trust, Resource, SCP, RCP, Endpoint}
}

// ParseKind finds a kind by its name.
func ParseKind(text string) (Kind, error) {
	if slices.Contains(Kinds(), Kind(text)) {
		return Kind(text), nil
	}
	names := make([]string, len(Kinds()))
	for i, kind := range Kinds() {
		names[i] = string(kind)
	}
	return Guess, fmt.Errorf("%q is no kind of policy: %s", text, strings.Join(names, ", "))
}

// GuessKind is the kind that a document looks like: without principals an identity policy, with principals and without resources a trust policy,
// with both a resource's policy. Policies of ECR repositories are a resource's too, and have no resources either: their actions tell.
func GuessKind(document *policy.Document) Kind {
	principals, resources := false, false
	for i := range document.Len() {
		s := document.Statement(i)
		resources = resources || slices.ContainsFunc(s.Action.Values, func(action policy.Text) bool { return hasPrefixFold(action.Value, "ecr:") })
		principals = principals || s.Principal != nil
		resources = resources || s.Resource.Name != ""
	}
	switch {
	case !principals:
		return Identity
	case resources:
		return Resource
	}
	return Trust
}

// grammar is the kind that package policy compiles such documents as.
func (k Kind) grammar() policy.Kind {
	switch k {
	case Trust:
		return policy.Trust
	case Resource:
		return policy.Resource
	case SCP:
		return policy.SCP
	case RCP:
		return policy.RCP
	case Endpoint:
		return policy.Endpoint
	}
	return policy.Identity
}

// quota is the most characters that a document of the kind may have, white space aside, and what has the quota. Zero: none is known. Inline
// policies share theirs with the others of their owner (IAM User Guide, "IAM and AWS STS quotas"; AWS Organizations User Guide, "Quotas for AWS
// Organizations"; S3 User Guide, "Bucket policies"; AWS PrivateLink Guide, "Quotas"). A trust policy's can be raised.
func (k Kind) quota(s3 bool) (characters int, owner string) {
	switch k {
	case Identity, Boundary:
		return 6144, "a managed policy"
	case InlineRole:
		return 10240, "all inline policies of a role"
	case InlineUser:
		return 2048, "all inline policies of a user"
	case InlineGroup:
		return 5120, "all inline policies of a group"
	case Session:
		return 2048, "a session policy"
	case Trust:
		return 2048, "a trust policy, unless it has been raised"
	case SCP:
		return 5120, "a service control policy"
	case RCP:
		return 5120, "a resource control policy"
	case Endpoint:
		return 20480, "a policy of a VPC endpoint"
	case Resource:
		if s3 {
			return 20480, "a bucket's policy"
		}
	}
	return 0, ""
}
