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
	maxAsking     = 8    // questions in the background at once, and as many lookups
	maxWaiting    = 64   // pods that wait for the answer of one question
	// maxAsked bounds the ARN and the audience of a question, in bytes: IAM's ARNs and client ids are shorter (2048 and
	// 255, API_CreateOpenIDConnectProvider), and annotations, which whoever may make an account writes, may have 256 KiB.
	maxAsked = 2048
)

// advice remembers an Advisor's answers for a short while.
type advice struct {
	advisor Advisor // nil: knows nothing
	now     func() time.Time

	mu      sync.Mutex
	answers map[Question]advised
	waiting map[Question][]func([]Warning) // who waits for the answers of questions in the background
}

type advised struct {
	warnings []Warning
	until    time.Time
}

func newAdvice(advisor Advisor, now func() time.Time) *advice {
	return &advice{advisor: advisor, now: now, answers: map[Question]advised{}, waiting: map[Question][]func([]Warning){}}
}

// recall answers from memory. The caller holds mu.
func (a *advice) recall(q Question) ([]Warning, bool) {
	known, ok := a.answers[q]
	return known.warnings, ok && a.now().Before(known.until)
}

// ask answers a question from memory or by the Advisor. An Advisor that fails or is late has nothing to say, and is
// asked again after the same time.
func (a *advice) ask(ctx context.Context, q Question) ([]Warning, error) {
	if a.advisor == nil {
		return nil, nil
	}
	a.mu.Lock()
	known, ok := a.recall(q)
	a.mu.Unlock()
	if ok {
		return known, nil
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
// what is too long for a role, an audience or a name is not worth remembering.
func (i *Identity) question(account string) (Question, bool) {
	asked := i.Method == WebIdentity && len(i.RoleARN) <= maxAsked && len(i.Audience) <= maxAsked && len(account) <= maxName
	return Question{i.RoleARN, i.Namespace, account, i.Audience}, asked
}

// later has tell hear the answer while nobody waits for it: at once, if it is remembered, otherwise from the background,
// where the pods of a rollout share one question. It reports whether tell will hear; where it does not, there were too
// many.
func (a *advice) later(q Question, tell func([]Warning)) bool {
	a.mu.Lock()
	if known, ok := a.recall(q); ok {
		a.mu.Unlock()
		tell(known)
		return true
	}
	defer a.mu.Unlock()
	waiting, asked := a.waiting[q]
	if len(waiting) >= maxWaiting || !asked && len(a.waiting) >= maxAsking {
		return false
	}
	a.waiting[q] = append(waiting, tell)
	if !asked {
		go func() {
			warnings, _ := a.ask(context.Background(), q) // without an answer there is nothing to say
			a.mu.Lock()
			waiting := a.waiting[q]
			delete(a.waiting, q)
			a.mu.Unlock()
			for _, tell := range waiting {
				tell(warnings)
			}
		}()
	}
	return true
}

// adviseLater records Events of what will go wrong with an exchange, after the review is answered.
func (h *Handler) adviseLater(object Reference, q Question) {
	if h.advice.advisor == nil {
		return
	}
	heard := h.advice.later(q, func(warnings []Warning) {
		for _, w := range warnings[:min(len(warnings), maxWarnings)] {
			h.config.Events.Warn(object, reasonNotUsable, w.String())
		}
	})
	if !heard {
		h.metrics.dropped.Inc()
	}
}

// later looks something up in the background, unless too much is.
func (h *Handler) later(look func(context.Context)) {
	select {
	case h.looking <- struct{}{}:
	default:
		h.metrics.dropped.Inc()
		return
	}
	go func() {
		defer func() { <-h.looking }()
		ctx, cancel := context.WithTimeout(context.Background(), adviceTimeout)
		defer cancel()
		look(ctx)
	}()
}

// records tells whether Events are recorded of pods at their validating review, or at their mutating one: at either,
// so that no pod has two of one mistake.
func (h *Handler) records(validating bool) bool {
	return h.config.Events != nil && h.config.EventsAtValidation == validating
}

// record records Events of findings.
func (h *Handler) record(object Reference, findings []finding) {
	for _, f := range findings[:min(len(findings), maxWarnings)] {
		if f.reason != "" {
			h.config.Events.Warn(object, f.reason, f.String())
		}
	}
}
