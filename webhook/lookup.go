package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pollInterval is how often memory is asked while a pod waits: an informer hears of a change within milliseconds.
const pollInterval = 20 * time.Millisecond

// found is what the lookup of a pod's account came to.
type found struct {
	account ServiceAccount // with its names even where there is none
	missing bool           // neither memory nor the API server has it
	gaveUp  bool           // it was waited for
}

// find looks an account up so that a pod is never missed whose account's annotation was acknowledged before the pod's
// own request: memory that knows a role is believed; memory that knows none, or nothing, costs one live read, which
// sees every write that was acknowledged.
//
// It fails when the API server does not answer in time and memory has not heard of a role meanwhile either: what then
// becomes of the pod is for the webhook configuration's failurePolicy to say. An API server under load is slow just
// when accounts and pods are created together, so to believe memory would break the promise where it matters.
func (h *Handler) find(ctx context.Context, namespace, name string, settled bool) (found, error) {
	account, cached := h.config.ServiceAccounts.Cached(namespace, name)
	if !cached {
		account = ServiceAccount{Namespace: namespace, Name: name}
	}
	if account.HasRole() || settled {
		return found{account: account}, nil
	}
	if cached && h.config.TrustUnannotated && !h.young(account) {
		return found{account: account}, nil
	}
	f := found{account: account}
	switch read, err := h.read(ctx, namespace, name); {
	case err == nil:
		f.account = read
	case errors.Is(err, ErrNoServiceAccount):
		f.missing = true
	default:
		if account, _ := h.config.ServiceAccounts.Cached(namespace, name); account.HasRole() {
			return found{account: account}, nil
		}
		return f, fmt.Errorf("reading service account %s/%s: %w", namespace, name, err)
	}
	return f, nil
}

// mayYetNameRole tells whether an account is worth waiting for, if that is wanted: an old one that names no role is
// not.
func (h *Handler) mayYetNameRole(f found) bool {
	return h.config.Wait > 0 && !f.account.HasRole() && (f.missing || h.young(f.account))
}

func (h *Handler) young(account ServiceAccount) bool {
	return h.config.Clock().Sub(account.Created) < h.config.Young
}

// read is one live read, counted.
func (h *Handler) read(ctx context.Context, namespace, name string) (ServiceAccount, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.ReadTimeout)
	defer cancel()
	account, err := h.config.ServiceAccounts.Read(ctx, namespace, name)
	outcome := readFailed
	switch {
	case errors.Is(err, ErrNoServiceAccount):
		outcome = readNotFound
	case err == nil && account.HasRole():
		outcome = readRole
	case err == nil:
		outcome = readNoRole
	}
	h.metrics.reads.WithLabelValues(outcome).Inc()
	return account, err
}

// wait asks memory until the account has a role or time is up, and then the API server once more.
func (h *Handler) wait(ctx context.Context, f found) found {
	namespace, name := f.account.Namespace, f.account.Name
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	deadline := time.NewTimer(h.config.Wait)
	defer deadline.Stop()
	for waiting := true; waiting; {
		select {
		case <-ticker.C:
			if account, ok := h.config.ServiceAccounts.Cached(namespace, name); ok && account.HasRole() {
				return found{account: account}
			}
		case <-deadline.C:
			waiting = false
		case <-ctx.Done():
			waiting = false
		}
	}
	if account, err := h.read(ctx, namespace, name); err == nil {
		f.account, f.missing = account, false
	}
	f.gaveUp = !f.account.HasRole()
	return f
}

// missed counts a pod that was admitted without an identity, and records it where somebody may have wanted one.
func (h *Handler) missed(r *review, p *pod, f found) {
	if f.gaveUp {
		h.metrics.gaveUp.Inc()
	}
	if f.missing {
		h.metrics.missing.Inc()
	}
	log := h.config.Log.With("namespace", r.namespace, "pod", p.displayName(), "serviceAccount", p.serviceAccount)
	missed := h.without(r.namespace, p, f)
	if missed.reason == "" || r.dryRun {
		log.Debug("pod not injected")
		return
	}
	log.Warn("pod not injected", "reason", missed.String())
	if h.records(false) {
		h.record(p.reference(r.namespace), []finding{missed})
	}
}

// reference is the object whose events somebody who looks for the pod would read: the pod, if its name is known, which
// before the validating review is so only of pods that are not named by the API server; else the controller that makes
// it; else its account.
func (p *pod) reference(namespace string) Reference {
	switch {
	case p.name != "":
		return Reference{Kind: "Pod", Namespace: namespace, Name: p.name, UID: p.uid, Owner: p.owner.UID}
	case p.owner.Name != "":
		return Reference{Kind: p.owner.Kind, Namespace: namespace, Name: p.owner.Name, UID: p.owner.UID}
	}
	return Reference{Kind: "ServiceAccount", Namespace: namespace, Name: p.serviceAccount}
}
