package webhook

import (
	"context"
	"fmt"
)

// The reasons of Events, by which people look for them.
const (
	reasonNotInjected = "IRSANotInjected"    // the pod has no role, though it should
	reasonNotUsable   = "IRSARoleNotUsable"  // the pod, or one of its containers, will not become its role
	reasonIgnored     = "IRSASettingIgnored" // an annotation does not do what it seems to
)

// finding is what is wrong with a pod: a warning for whoever makes it, an Event on it, or both.
type finding struct {
	Warning
	reason string // of the Event; empty: none
	told   bool   // to whoever makes the pod
}

// admitted is a pod as it will be kept: at the validating review every mutation is done, and the API server has given
// it its name and UID (rest.BeforeCreate of k8s.io/apiserver comes before validating admission).
type admitted struct {
	*pod
	namespace string
	findings  []finding  // what the pod alone shows
	questions []Question // about its exchanges
	bare      bool       // it has no identity that could be seen
}

// examine reads an admitted pod without asking anybody.
func (h *Handler) examine(namespace string, raw []byte) (*admitted, error) {
	p, err := readPod(raw, &h.config.Settings)
	if err != nil {
		return nil, err
	}
	a := &admitted{pod: p, namespace: namespace}
	speaks := p.variables()&envRoleARN != 0
	a.bare = p.volumes&(volumeToken|volumeContainer) == 0 && !speaks
	a.add(reasonIgnored, p.lintAnnotations(&h.config.Settings))
	if p.volumes&volumeToken != 0 {
		a.add(reasonNotUsable, p.lintInjected(raw))
	}
	if !speaks {
		return a, nil
	}
	exchanges, err := readExchanges(raw)
	if err != nil {
		return nil, err
	}
	for _, e := range exchanges {
		identity := Identity{Namespace: namespace, RoleARN: e.roleARN, Audience: e.audience}
		if odd := warnRole(e.roleARN); len(odd) > 0 {
			a.add(reasonNotUsable, odd)
		} else if q, ok := identity.question(p.serviceAccount); ok {
			a.questions = append(a.questions, q)
		}
	}
	return a, nil
}

func (a *admitted) add(reason string, warnings []Warning) {
	for _, w := range warnings {
		a.findings = append(a.findings, finding{w, reason, true})
	}
}

// variables are those of all its containers.
func (p *pod) variables() (all uint32) {
	for _, containers := range [][]container{p.init, p.main} {
		for i := range containers {
			all |= containers[i].env
		}
	}
	return all
}

// validatePod warns of an admitted pod, if a person made it, and records Events on it, whoever did. A pod of a
// controller is answered at once: nobody reads its warnings, and its Events follow.
func (h *Handler) validatePod(ctx context.Context, r *review) ([]Warning, error) {
	if r.operation != "CREATE" {
		return nil, nil
	}
	record := h.records(true) && !r.dryRun
	owned, err := isControlled(r.object)
	if err != nil || owned && !record {
		return nil, err
	}
	a, err := h.examine(r.namespace, r.object)
	if err != nil || a.serviceAccount == "" { // the kubelet's own pods have no account
		return nil, err
	}
	if owned {
		h.examineLater(a)
		return nil, nil
	}
	findings, err := h.complete(ctx, a)
	var warnings []Warning
	for _, f := range findings {
		if f.told {
			warnings = append(warnings, f.Warning)
		}
	}
	if record {
		h.record(a.reference(a.namespace), findings)
	}
	return warnings, err
}

// complete asks what the pod alone does not show, and returns all that was found.
func (h *Handler) complete(ctx context.Context, a *admitted) ([]finding, error) {
	ctx, cancel := context.WithTimeout(ctx, adviceTimeout)
	defer cancel()
	if a.bare {
		f, err := h.account(ctx, a)
		if err != nil {
			return a.findings, err
		}
		a.findings = append(a.findings, h.without(a.namespace, a.pod, f))
	}
	for _, q := range a.questions {
		warnings, err := h.advice.ask(ctx, q)
		if err != nil {
			return a.findings, err
		}
		a.add(reasonNotUsable, warnings)
	}
	return a.findings, nil
}

// examineLater records Events of an admitted pod without anybody waiting for it. What memory knows needs no asking.
func (h *Handler) examineLater(a *admitted) {
	object := a.reference(a.namespace)
	h.record(object, a.findings)
	for _, q := range a.questions {
		h.adviseLater(object, q)
	}
	if !a.bare {
		return
	}
	missed := func(f found) { h.record(object, []finding{h.without(a.namespace, a.pod, f)}) }
	if account, ok := h.config.ServiceAccounts.Cached(a.namespace, a.serviceAccount); ok {
		missed(found{account: account})
		return
	}
	h.later(func(ctx context.Context) {
		if f, err := h.account(ctx, a); err == nil {
			missed(f)
		}
	})
}

// account looks up the account of a pod that has no identity. The mutating review has read live whether it has a role,
// so memory is believed, and only asked of the API server what it has not heard of.
func (h *Handler) account(ctx context.Context, a *admitted) (found, error) {
	if account, ok := h.config.ServiceAccounts.Cached(a.namespace, a.serviceAccount); ok {
		return found{account: account}, nil
	}
	return h.find(ctx, a.namespace, a.serviceAccount, false)
}

// without says what there is to say of a pod that was admitted without an identity.
func (h *Handler) without(namespace string, p *pod, f found) finding {
	if p.skip {
		return finding{} // it wants none
	}
	if _, _, ok := Resolve(f.account, h.sources(), h.config.Settings); ok {
		return finding{warn("W01", "service account %s gives its pods a role, but this one was admitted without it: "+
			"the mutating webhook did not see it. Make it anew.", quote(p.serviceAccount)), reasonNotInjected, true}
	}
	mode := h.config.WarnUnannotated
	wanted := mode != UnannotatedOff && p.wantsRole()
	result := finding{
		Warning: warnUnannotated(namespace, p.serviceAccount, f.missing, &h.config.Settings),
		told:    wanted || mode == UnannotatedAll,
	}
	gaveUp := f.gaveUp || h.mayYetNameRole(f)
	if gaveUp {
		result.Text = fmt.Sprintf("waited %s for service account %s to name a role, in vain; the pod was admitted without one.",
			h.config.Wait, quote(p.serviceAccount))
	}
	if wanted || gaveUp || f.missing {
		result.reason = reasonNotInjected
	}
	return result
}
