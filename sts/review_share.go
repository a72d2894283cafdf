package sts

import (
	"cmp"
	"slices"
	"strings"
)

// Who may make tokens in a cluster can have as many reviewed as they like. A cluster's reviews are therefore shared out among its namespaces, which are
// what tenants have of a cluster, and within each among its service accounts: what has the fewest under way is served first, and while all places are taken,
// one that has fewer takes one from what has most. Whoever may make namespaces has as many shares.

// load is how many reviews the namespaces and subjects of one cluster have.
type load map[string]int

// namespaceOf is what a subject shares with its namespace's others: system:serviceaccount:<namespace>:<name> without the name.
func namespaceOf(subject string) string { return subject[:strings.LastIndexByte(subject, ':')+1] }

func (l load) add(r *review) {
	l[namespaceOf(r.subject)]++
	l[r.subject]++
}

// compare orders by the load of the namespaces, then of the subjects.
func (l load) compare(a, b *review) int {
	return cmp.Or(cmp.Compare(l[namespaceOf(a.subject)], l[namespaceOf(b.subject)]), cmp.Compare(l[a.subject], l[b.subject]))
}

// page takes up to n reviews out of those that wait, the fewest under way first and then the first to come.
func (q *reviewQueue) page(n int) (taken []*review) {
	underWay := load{}
	for _, open := range q.open {
		if !open.taken.IsZero() {
			underWay.add(open)
		}
	}
	for len(taken) < n && len(q.waiting) > 0 {
		next := slices.MinFunc(q.waiting, underWay.compare)
		underWay.add(next)
		q.dequeue(next)
		taken = append(taken, next)
	}
	return taken
}

// makeRoom takes the place of one that waits, the last to come of what has most, for one that has fewer by more than this one place. It is false where
// there is none. Nobody loses a place to one that would then have as many.
func (q *reviewQueue) makeRoom(newcomer *review) bool {
	open := load{}
	for _, one := range q.open {
		open.add(one)
	}
	var loser *review
	for _, one := range q.waiting {
		share := one.subject // of what they compete by
		theirs := newcomer.subject
		if namespaceOf(one.subject) != namespaceOf(newcomer.subject) {
			share, theirs = namespaceOf(one.subject), namespaceOf(newcomer.subject)
		}
		if open[share] > open[theirs]+1 && (loser == nil || open.compare(one, loser) >= 0) {
			loser = one
		}
	}
	if loser == nil {
		return false
	}
	q.dequeue(loser)
	delete(q.open, loser.ID)
	loser.refused = errManyReviews
	close(loser.done)
	return true
}
