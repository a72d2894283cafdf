package iam_test

import (
	"flag"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

// A failure prints the two flags that repeat it.
var (
	seed      = flag.Uint64("seed", 1, "seed of TestSequences' random calls")
	sequences = flag.Int("sequences", defaultSequences, "how many sequences TestSequences makes; the race detector has fewer by default")
	only      = flag.Int("sequence", -1, "the one sequence that TestSequences makes")
)

const (
	callsOfASequence = 30
	enoughToMeetAll  = 10000 // sequences, in which every operation has given every answer that it can
)

// TestSequences: no sequence of calls shows a difference between the directory and the model of what AWS documents.
func TestSequences(t *testing.T) {
	first, last := 0, *sequences
	if *only >= 0 {
		first, last = *only, *only+1
	}
	kinds := calls()
	answered := newTally()
	failed := search(first, last, func(i int) string {
		steps := newGenerator(*seed, uint64(i)).draw(kinds, callsOfASequence)
		return play(steps, i, nil, answered)
	})
	if failed < 0 {
		if *only < 0 && last >= enoughToMeetAll {
			answered.check(t)
		}
		return
	}
	steps := newGenerator(*seed, uint64(failed)).draw(kinds, callsOfASequence)
	differ := func(steps []step) string { return play(steps, failed, nil, nil) }
	steps = shrunk(steps, differ)
	t.Errorf("-seed=%d -sequence=%d: after %d calls the directory and the model differ\n%s\n%s", *seed, failed, len(steps), lines(steps), differ(steps))
}

// search tries numbers from first up to last on all processors, and returns the least that it found for which differ says something; -1: none.
func search(first, last int, differ func(i int) string) int {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // what a sequence leaves behind is small, and all of it garbage
	next, found := atomic.Int64{}, atomic.Int64{}
	next.Store(int64(first))
	found.Store(int64(last))
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < found.Load(); i = next.Add(1) - 1 {
				if differ(int(i)) == "" {
					continue
				}
				for least := found.Load(); i < least && !found.CompareAndSwap(least, i); least = found.Load() {
				}
			}
		})
	}
	wait.Wait()
	if found.Load() == int64(last) {
		return -1
	}
	return int(found.Load())
}

// tamperer is what run.tamper is.
type tamperer func(r *run, s step, ask func() (any, error)) (any, error)

// play makes the calls and compares each answer, and after them the whole state: in every other sequence as the directory has it, in the others
// as one has it that opens the same store. It says what differs, or "".
func play(steps []step, number int, tamper tamperer, answered *tally) string {
	r, err := newRun()
	if err != nil {
		return err.Error()
	}
	r.tamper = tamper
	defer func() { _ = r.Close() }()
	for _, s := range steps {
		if d := r.do(s); d != "" {
			return d
		}
		answered.count(s.name, r.trail.last.ErrorCode)
	}
	if number%2 == 1 {
		if err := r.open(); err != nil {
			return err.Error()
		}
	}
	for _, s := range audit(r.model) {
		if d := r.do(s); d != "" {
			return "at the end: " + d
		}
	}
	return ""
}

// audit is every read of everything that there is.
func audit(m *model) []step {
	steps := []step{listRoles(2, ""), listUsers(1, ""), listGroups(3, ""), listProfiles(2, ""), listProviders(), listAliases(), getSummary(), getDetails(3, nil),
		listPolicies(2, iam.ListPoliciesInput{}), listAccessKeys(1, nil)}
	for _, kind := range []iam.IdentityKind{iam.RoleKind, iam.UserKind, iam.GroupKind} {
		for _, e := range sorted(m.all(kind), "") {
			n := map[iam.IdentityKind]func(string) iam.IdentityName{iam.RoleKind: iam.OfRole, iam.UserKind: iam.OfUser, iam.GroupKind: iam.OfGroup}[kind](e.name)
			steps = append(steps, attachedPolicies(2, n, ""), inlinePolicies(1, n))
			for name := range e.inline {
				steps = append(steps, inlinePolicy(n, name))
			}
			switch kind {
			case iam.RoleKind:
				steps = append(steps, getRole(e.name), identityTags(20, n), listProfilesForRole(1, e.name))
			case iam.UserKind:
				steps = append(steps, getUser(&e.name), identityTags(20, n), listGroupsForUser(2, e.name), listAccessKeys(1, &e.name))
			case iam.GroupKind:
				steps = append(steps, getGroup(1, e.name))
			}
		}
	}
	for _, p := range append(slices.Collect(maps.Values(m.policies)), m.aws...) {
		steps = append(steps, getPolicy(p.ARN), listPolicyVersions(2, p.ARN), listPolicyTags(20, p.ARN), listEntities(2, iam.ListEntitiesForPolicyInput{PolicyARN: p.ARN}))
		for _, v := range p.versions {
			steps = append(steps, getPolicyVersion(p.ARN, v.VersionID))
		}
	}
	for _, p := range m.profiles {
		steps = append(steps, getProfile(p.Name), listProfileTags(20, p.Name))
	}
	for arn := range m.providers {
		steps = append(steps, getProvider(arn), listProviderTags(20, arn))
	}
	return steps
}

// shrunk leaves out calls, many at a time and then one, as long as a difference remains.
func shrunk(steps []step, differ func([]step) string) []step {
	for size := len(steps) / 2; size > 0; {
		smaller := false
		for i := 0; i+size <= len(steps); {
			without := slices.Concat(steps[:i], steps[i+size:])
			if differ(without) != "" {
				steps, smaller = without, true
			} else {
				i += size
			}
		}
		if !smaller || size > 1 {
			size /= 2
		}
	}
	return steps
}

func lines(steps []step) string {
	var out strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&out, "%4d %s\n", i+1, s)
	}
	return out.String()
}

// tally counts the answers of each operation.
type tally struct {
	mu      sync.Mutex
	answers map[string]map[string]int // by operation and error code, "" for a success
}

func newTally() *tally { return &tally{answers: map[string]map[string]int{}} }

func (t *tally) count(operation, code string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answers[operation] == nil {
		t.answers[operation] = map[string]int{}
	}
	t.answers[operation][code]++
}

// check fails where the calls were too tame: each operation has to succeed, and to answer each error that AWS lists for it, but for those that
// depend on what a sequence cannot reach.
func (t *tally) check(tt *testing.T) {
	tt.Helper()
	for operation, listed := range documentedErrors {
		answers := t.answers[operation]
		if answers[""] == 0 {
			tt.Errorf("%s never succeeded: %v", operation, answers)
		}
		for _, code := range strings.Fields(listed) {
			if answers[code] == 0 && !unreachable(operation, code) {
				tt.Errorf("%s never answered %s: %v", operation, code, answers)
			}
		}
	}
}
