package policy

import "math"

// MaxWork bounds the steps of one decision. A step compares one operand, pattern or principal with what the request has, or takes a pattern
// one wildcard, or a few dozen bytes, further. They are linear in the policies' sizes, but what each of them costs grows with the request, and with
// variables of long values faster than it. Policies within AWS's quotas need some thousands of steps, 10,000 statements that all come close some hundred
// thousands; MaxWork of them take less than a second. Past it nothing is allowed: Decision.Undecided.
const MaxWork = 1 << 25

// work is how many steps an evaluation may still take. Under zero it is over: whatever it would answer does not count, so that matching may stop
// anywhere.
type work int

// spend takes steps off, and tells whether the evaluation may go on.
func (w *work) spend(steps int) bool {
	*w -= work(steps)
	return *w >= 0
}

// unlimited is for matching outside of a decision.
func unlimited() *work {
	w := work(math.MaxInt)
	return &w
}

// Bytes that count as one step: compared many at a time, and looked at one by one.
const (
	comparedPerStep = 32
	readPerStep     = 4
)

// visited are the statements of one policy that an index has shown already. A statement that lists many patterns of which the action matches
// many would else be compared as often, each time with all its resources and conditions: time quadratic in the document's size. The first
// lists are not remembered, as that needs memory, and an action mostly has no more.
type visited struct {
	lists int
	seen  []uint64 // a bit for each statement
}

const notRemembered = 8

// each shows look the statements of one list that have not come before, as far as they are remembered, until look returns false.
func (v *visited) each(statements []*statement, look func(*statement) bool) {
	v.lists++
	remembered := v.lists > notRemembered
	for _, s := range statements {
		if remembered && v.again(s) {
			continue
		}
		if !look(s) {
			return
		}
	}
}

// again remembers s, and tells whether it has come before.
func (v *visited) again(s *statement) bool {
	if v.seen == nil {
		v.seen = make([]uint64, (len(s.policy.statements)+63)/64)
	}
	word, bit := &v.seen[s.number/64], uint64(1)<<(s.number%64)
	known := *word&bit != 0
	*word |= bit
	return known
}
