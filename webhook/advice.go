package webhook

import (
	"context"
	"sync"
	"time"
)

const (
	// adviceTTL is how long advice is repeated without asking: long enough for the pods of one rollout, short enough
	// that somebody who has just mended a trust policy is not told the old.
	adviceTTL = 20 * time.Second
	// adviceTimeout bounds one question. A webhook that only warns must not be felt.
	adviceTimeout = time.Second
	maxAdvice     = 4096 // answers kept
	maxAsking     = 8    // questions in the background at once
	// maxAsked bounds the ARN and the audience of a question, in bytes: IAM's ARNs and client ids are shorter (2048 and
	// 255, API_CreateOpenIDConnectProvider), and annotations, which whoever may make an account writes, may have 256 KiB.
	maxAsked = 2048
)

// advice remembers an Advisor's answers for a short while.
type advice struct {
	advisor Advisor // nil: knows nothing
	now     func() time.Time
	asking  chan struct{} // one for each question in the background

	mu      sync.Mutex
	answers map[Question]advised
}

type advised struct {
	warnings []Warning
	until    time.Time
}

func newAdvice(advisor Advisor, now func() time.Time) *advice {
	return &advice{advisor: advisor, now: now, asking: make(chan struct{}, maxAsking), answers: map[Question]advised{}}
}

// ask answers a question from memory or by the Advisor. An Advisor that fails or is late has nothing to say, and is
// asked again after the same time.
func (a *advice) ask(ctx context.Context, q Question) ([]Warning, error) {
	if a.advisor == nil {
		return nil, nil
	}
	a.mu.Lock()
	known, ok := a.answers[q]
	a.mu.Unlock()
	if ok && a.now().Before(known.until) {
		return known.warnings, nil
	}
	ctx, cancel := context.WithTimeout(ctx, adviceTimeout)
	defer cancel()
	warnings, err := a.advisor.Advise(ctx, q)
	if err != nil {
		warnings = nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.answers) >= maxAdvice {
		clear(a.answers)
	}
	a.answers[q] = advised{warnings, a.now().Add(adviceTTL)}
	return warnings, err
}

// question is what there is to ask about an identity, if anything: EKS Pod Identity's agent knows no role here, and
// what is too long for a role or an audience is not worth remembering.
func (i *Identity) question(account string) (Question, bool) {
	asked := i.Method == WebIdentity && len(i.RoleARN) <= maxAsked && len(i.Audience) <= maxAsked
	return Question{i.RoleARN, i.Namespace, account, i.Audience}, asked
}

// adviseLater records Events of what will go wrong for a pod, after its review is answered.
func (h *Handler) adviseLater(r *review, p *pod, identity Identity) {
	q, ok := identity.question(p.serviceAccount)
	if h.advice.advisor == nil || h.config.Events == nil || !ok {
		return
	}
	select {
	case h.advice.asking <- struct{}{}:
	default:
		h.metrics.dropped.Inc()
		return
	}
	object := p.reference(r.namespace)
	go func() {
		defer func() { <-h.advice.asking }()
		warnings, err := h.advice.ask(context.Background(), q)
		if err != nil {
			h.config.Log.Debug("no advice", "role", q.RoleARN, "error", err)
		}
		for _, w := range warnings {
			h.event(object, "IRSARoleNotUsable", w.String())
		}
	}()
}
