package webhook

import (
	"context"
	"encoding/json"
)

// maxWarnings bounds what one review is answered: the API server takes 4096 characters of warnings in all, and people
// fewer.
const maxWarnings = 5

// validate answers /validate: always allowed, with warnings for whoever sent the request, and Events of pods. Its
// failures are nobody's concern but the log's.
func (h *Handler) validate(ctx context.Context, r *review) (answer, error) {
	a := answer{allowed: true}
	if r.object == nil || r.subresource != "" {
		return a, nil
	}
	var warnings []Warning
	var err error
	switch {
	case r.group == "" && r.resource == "serviceaccounts":
		warnings, err = h.validateAccount(ctx, r)
	case r.group == "" && r.resource == "pods":
		warnings, err = h.validatePod(ctx, r)
	default:
		warnings, err = h.validateWorkload(ctx, r)
	}
	if err != nil {
		h.config.Log.Warn("request not looked at for warnings",
			"namespace", r.namespace, "resource", r.resource, "error", err)
	}
	a.warnings = warnings[:min(len(warnings), maxWarnings)]
	return a, nil
}

func (h *Handler) validateAccount(ctx context.Context, r *review) ([]Warning, error) {
	var object struct {
		Metadata struct {
			Name        string            `json:"name"`
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(r.object, &object); err != nil {
		return nil, err
	}
	warnings := LintAccount(object.Metadata.Annotations, h.config.Settings)
	account := ServiceAccount{Namespace: r.namespace, Name: object.Metadata.Name, Annotations: map[string]string{}}
	for _, name := range []string{annotationRole, annotationAudience} {
		if value, ok := object.Metadata.Annotations[h.config.Settings.AnnotationPrefix+"/"+name]; ok {
			account.Annotations[name] = value
		}
	}
	identity, odd, ok := Resolve(account, h.sources(), h.config.Settings)
	if !ok || len(odd) > 0 {
		return warnings, nil
	}
	return h.advise(ctx, warnings, identity, account.Name)
}

// advise adds what the Advisor says to warnings.
func (h *Handler) advise(ctx context.Context, warnings []Warning, identity Identity, account string) ([]Warning, error) {
	q, ok := identity.question(account)
	if !ok {
		return warnings, nil
	}
	more, err := h.advice.ask(ctx, q)
	return append(warnings, more...), err
}

func (h *Handler) validateWorkload(ctx context.Context, r *review) ([]Warning, error) {
	template, err := podTemplate(r.resource, r.object)
	if err != nil || template == nil {
		return nil, err
	}
	p, err := readPod(template, &h.config.Settings)
	if err != nil {
		return nil, err
	}
	owned, err := isControlled(r.object)
	if err != nil || owned {
		return nil, err // the warning would reach a controller
	}
	name := p.serviceAccount
	if name == "" {
		name = "default"
	}
	sources := h.sources()
	ctx, cancel := context.WithTimeout(ctx, adviceTimeout)
	defer cancel()
	found, err := h.find(ctx, r.namespace, name, sources.Containers.Has(r.namespace, name))
	if err != nil {
		return nil, err
	}
	identity, warnings, injected := Resolve(found.account, sources, h.config.Settings)
	odd := len(warnings) > 0
	more, err := LintPod(template, identity, injected, h.config.Settings)
	warnings = append(warnings, more...)
	if err != nil || odd {
		return warnings, err
	}
	if !injected {
		if mode := h.config.WarnUnannotated; mode == UnannotatedAll || mode != UnannotatedOff && p.wantsRole() {
			warnings = append(warnings, warnUnannotated(r.namespace, name, found.missing, &h.config.Settings))
		}
		return warnings, nil
	}
	return h.advise(ctx, warnings, identity, name)
}

// podTemplate finds the pod template of a workload; nil for a resource that has none.
func podTemplate(resource string, object []byte) ([]byte, error) {
	switch resource {
	case "deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs":
		return descend(object, "spec", "template")
	case "cronjobs":
		return descend(object, "spec", "jobTemplate", "spec", "template")
	}
	return nil, nil
}

// isControlled tells whether a controller made the object, as a Deployment's makes ReplicaSets and a CronJob's Jobs.
func isControlled(object []byte) (bool, error) {
	owners, err := descend(object, "metadata", "ownerReferences")
	if err != nil || owners == nil {
		return false, err
	}
	r := &podReader{scanner: scanner{data: owners}, pod: &pod{}}
	err = r.owners()
	return r.pod.owner.Name != "", err
}

// descend finds the member of that path; nil where there is none.
func descend(text []byte, path ...string) ([]byte, error) {
	for _, name := range path {
		s := &scanner{data: text}
		var next []byte
		var seen uint32
		err := s.object(func(key []byte) error {
			if string(key) != name {
				return s.skip()
			}
			return s.nullable(&seen, 1, key, func() (err error) {
				next, err = s.raw()
				return err
			})
		})
		if err != nil || next == nil {
			return nil, err
		}
		text = next
	}
	return text, nil
}
