// Package webhook puts a role's identity into pods as they are admitted: it is a stand-in for
// amazon-eks-pod-identity-webhook.
//
// It owns what is injected (Inject), for whom (Resolve), the files that name accounts (ParseRoles,
// ParseContainerCredentials), the warnings that need no plane (LintAccount, LintPod), and a thin handler of
// AdmissionReviews over them. It does not own the connection to the cluster, which answers through ServiceAccounts
// and Events, nor what a plane knows of roles, which answers through Advisor. Injection is pure: it takes values and
// returns values; ARCHITECTURE.md's table names the files that hold it.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// ErrNoServiceAccount is ServiceAccounts.Read's answer when the API server has no such account.
var ErrNoServiceAccount = errors.New("no such service account")

// ServiceAccount is what of a Kubernetes ServiceAccount decides about its pods.
type ServiceAccount struct {
	Namespace, Name string
	Annotations     map[string]string // those under the annotation prefix alone, keys without "<prefix>/"
	Created         time.Time         // the account's creationTimestamp, which Kubernetes keeps to the second
}

// ServiceAccounts answers from memory (Cached) and from the API server (Read).
type ServiceAccounts interface {
	// Cached answers at once with what was last watched. The account and its map must not be changed.
	Cached(namespace, name string) (ServiceAccount, bool)
	// Read asks the API server for the account as it is now, which a read from its watch cache is not. It fails with
	// ErrNoServiceAccount when there is none; any other error means that it is not known.
	Read(ctx context.Context, namespace, name string) (ServiceAccount, error)
}

// Advisor says, for people, what will go wrong with an exchange. No warning means that nothing is known to.
type Advisor interface {
	Advise(ctx context.Context, q Question) ([]Warning, error)
}

// Question is one exchange that a pod would make.
type Question struct{ RoleARN, Namespace, ServiceAccount, Audience string }

// Warning is one sentence for the person who sent a request. The API server cuts a warning at 256 characters
// (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response), so Text with
// its id stays under that.
type Warning struct {
	ID   string // of the table of misconfigurations (T01, P01, A03 …); empty for a sentence that has none
	Text string
}

// Events records an Event on an object in the cluster. Warn never blocks: what cannot be recorded is lost.
type Events interface {
	Warn(object Reference, reason, message string)
}

// Reference names an object. A pod has no UID before its validating review.
type Reference struct {
	Kind, Namespace, Name, UID string
	Owner                      string // the UID of a pod's controller, all of whose pods may have one mistake
}

// warn makes a Warning.
func warn(id, format string, arguments ...any) Warning {
	return Warning{id, fmt.Sprintf(format, arguments...)}
}

// maxWarning keeps a warning's text under what the API server cuts.
const maxWarning = 255

// String is the warning as a person reads it, with its id, and never longer than maxWarning bytes.
func (w Warning) String() string {
	text := w.Text
	if w.ID != "" {
		text = w.ID + ": " + text
	}
	if len(text) <= maxWarning {
		return text
	}
	cut := maxWarning - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
