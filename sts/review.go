package sts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openirsa/openirsa/iam"
)

// Times and bounds of token reviews.
const (
	ReviewPoll    = 20 * time.Second // how long ReceiveTokenReviews waits for something to review
	reviewWait    = 4 * time.Second  // how long an exchange waits for the cluster's word, unless Config says otherwise
	reviewKept    = 5 * time.Second  // how long a cluster's word counts from when it was given the token: exchanges end this long after what it vouches for
	maxReviews    = 256              // of one cluster, waiting or under way
	maxReviewPage = 64               // that one poll takes
	maxRemembered = 4096             // words that are remembered
)

// Review is a token for the cluster to look at, by Kubernetes' TokenReview. It holds the token: it is never logged nor recorded.
type Review struct {
	ID        string `json:"Id"`
	Token     string
	Audiences []string
}

// ReviewResult is the cluster's word on one token: Authenticated is what TokenReview says. A cluster that could not ask its API server sends none.
type ReviewResult struct {
	ID            string `json:"Id"`
	Authenticated bool
}

// Errors of reviews, for operators.
var (
	errNotReviewed = errors.New("the cluster did not answer in time whether the token is still good; is `irsa cluster sync` running there?")
	errNotVouched  = errors.New("the cluster says that the token is not good any more: its pod, service account or secret is gone, or another key signed it")
	errManyReviews = errors.New("more tokens wait for the cluster's word than are kept")
)

// reviews are the tokens that wait for the word of the cluster whose they are, and what clusters said within the last seconds. The zero value is ready.
type reviews struct {
	mu       sync.Mutex
	clusters map[string]*reviewQueue // by the cluster's ARN
	said     map[reviewKey]remembered
}

// reviewKey keeps clusters apart, and names a token by its hash.
type reviewKey struct {
	cluster string
	token   [sha256.Size]byte
}

type remembered struct {
	good bool
	at   time.Time // when the cluster was given the token: it looked no earlier
}

// reviewQueue is one cluster's. It is forgotten when nothing waits in it.
type reviewQueue struct {
	waiting []*review          // for a poll
	open    map[string]*review // by id: waiting ones, and those that a poll took
	news    chan struct{}      // closed when something begins to wait; nil: nobody polls
}

// review is one token under review, for all the exchanges that wait for it.
type review struct {
	Review
	key     reviewKey
	subject string
	taken   time.Time // when a poll took it, before the cluster looked at it; zero: waiting
	waiters int
	done    chan struct{} // closed when good or refused is set
	good    bool
	refused error // the place went to another
}

// asked is a token that needs its cluster's word.
type asked struct {
	cluster   string // ARN
	token     string
	subject   string // the token's
	audiences []string
}

// ask waits for the cluster's word on a token.
func (r *reviews) ask(ctx context.Context, about asked, now time.Time, wait time.Duration) (good bool, err error) {
	key := reviewKey{about.cluster, sha256.Sum256([]byte(about.token))}
	r.mu.Lock()
	if said, ok := r.said[key]; ok && now.Sub(said.at) < reviewKept && now.Sub(said.at) >= 0 {
		r.mu.Unlock()
		return said.good, nil
	}
	wanted, err := r.join(key, about, now)
	r.mu.Unlock()
	if err != nil {
		return false, err
	}
	defer r.leave(wanted)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-wanted.done:
		return wanted.good, wanted.refused
	case <-timer.C:
		return false, errNotReviewed
	case <-ctx.Done():
		return false, errors.Join(errNotReviewed, ctx.Err())
	}
}

// join finds the review of a token that is under way, or begins one. One whose word would come too late is not joined: whoever took it may be gone, and
// clients that try again and again would keep it open for ever. The caller holds r.mu.
func (r *reviews) join(key reviewKey, about asked, now time.Time) (*review, error) {
	q := r.queue(key.cluster)
	for _, open := range q.open {
		if open.key == key && !open.late(now) {
			open.waiters++
			return open, nil
		}
	}
	id := rand.Text()
	begun := &review{Review: Review{id, about.token, about.audiences}, key: key, subject: about.subject, waiters: 1, done: make(chan struct{})}
	if len(q.open) >= maxReviews && !q.makeRoom(begun) {
		return nil, errManyReviews
	}
	q.open[id], q.waiting = begun, append(q.waiting, begun)
	if q.news != nil {
		close(q.news)
		q.news = nil
	}
	return begun, nil
}

// late tells whether the cluster may have looked at the token so long ago that it counts no more.
func (r *review) late(now time.Time) bool { return !r.taken.IsZero() && now.Sub(r.taken) >= reviewKept }

// queue is the cluster's. The caller holds r.mu.
func (r *reviews) queue(cluster string) *reviewQueue {
	if r.clusters == nil {
		r.clusters, r.said = map[string]*reviewQueue{}, map[reviewKey]remembered{}
	}
	q := r.clusters[cluster]
	if q == nil {
		q = &reviewQueue{open: map[string]*review{}}
		r.clusters[cluster] = q
	}
	return q
}

// leave forgets a review for which nobody waits any more.
func (r *reviews) leave(left *review) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if left.waiters--; left.waiters > 0 {
		return
	}
	q := r.clusters[left.key.cluster]
	if q == nil {
		return
	}
	delete(q.open, left.ID)
	q.dequeue(left)
	r.forget(left.key.cluster, q)
}

// dequeue has a review wait no more, if it does.
func (q *reviewQueue) dequeue(one *review) {
	if i := slices.Index(q.waiting, one); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
}

// forget drops a queue that holds nothing. The caller holds r.mu.
func (r *reviews) forget(cluster string, q *reviewQueue) {
	if len(q.open) == 0 && q.news == nil {
		delete(r.clusters, cluster)
	}
}

// receive waits for tokens of the cluster's to review, for at most wait. None is no error.
func (r *reviews) receive(ctx context.Context, cluster string, wait time.Duration, ending <-chan struct{}, now func() time.Time) []Review {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		taken, news := r.take(cluster, now())
		if len(taken) > 0 {
			return taken
		}
		select {
		case <-news:
			continue
		case <-timer.C:
		case <-ending:
		case <-ctx.Done():
		}
		return nil
	}
}

// take is what waits, or a channel that is closed when something does.
func (r *reviews) take(cluster string, now time.Time) (taken []Review, news <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queue(cluster)
	for _, waiting := range q.page(maxReviewPage) {
		waiting.taken = now
		taken = append(taken, waiting.Review)
	}
	if len(taken) > 0 {
		return taken, nil
	}
	if q.news == nil {
		q.news = make(chan struct{})
	}
	return nil, q.news
}

// complete takes the cluster's word. Ids of other clusters, and of reviews that nobody waits for, are nothing, and so is a good word that comes late: a
// token that is no good any more stays so.
func (r *reviews) complete(cluster string, results []ReviewResult, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.clusters[cluster]
	if q == nil {
		return
	}
	for _, result := range results {
		open, ok := q.open[result.ID]
		if !ok || open.taken.IsZero() || result.Authenticated && open.late(now) {
			continue
		}
		delete(q.open, result.ID)
		r.remember(open.key, remembered{result.Authenticated, open.taken}, now)
		open.good = result.Authenticated
		close(open.done)
	}
	r.forget(cluster, q)
}

// remember keeps a word, and drops those that count no more once there are many. The caller holds r.mu.
func (r *reviews) remember(key reviewKey, word remembered, now time.Time) {
	if len(r.said) >= maxRemembered {
		for old, said := range r.said {
			if now.Sub(said.at) >= reviewKept {
				delete(r.said, old)
			}
		}
	}
	if len(r.said) < maxRemembered {
		r.said[key] = word
	}
}

// review asks the cluster whose the issuer is for its word on the token, where it was registered so. The one service account that gives that word needs
// a session before it can.
func (s *Service) review(ctx context.Context, x *exchange) error {
	cluster, ok := x.account.ClusterOf(x.identity.issuer)
	if !ok || !cluster.TokenReview || cluster.SyncSubject == x.identity.subject {
		return nil
	}
	good, err := s.reviews.ask(ctx, asked{cluster.ARN, *x.in.WebIdentityToken, x.identity.subject, x.claims.Audience}, s.now(), s.reviewWait)
	switch {
	case err != nil:
		return refusal("IDPCommunicationError", noCommunication, fmt.Errorf("asking cluster %s: %w", cluster.Name, err))
	case !good:
		return refusal("InvalidIdentityToken", notValidated, fmt.Errorf("asking cluster %s: %w", cluster.Name, errNotVouched))
	}
	return nil
}

// TokenReviewsInput names the cluster of the request's region that answers, by its name and the UID of its kube-system namespace.
type TokenReviewsInput struct{ Name, UID string }

// ReceiveTokenReviews (openirsa) waits up to ReviewPoll for tokens of the cluster to review, and returns those that there are. Errors are *iam.Error.
//
// The answer holds tokens, each good for an exchange: only the cluster that issued them may have them.
func (s *Service) ReceiveTokenReviews(ctx context.Context, caller iam.Caller, in TokenReviewsInput) ([]Review, error) {
	cluster, err := s.reviewer(ctx, caller, "ReceiveTokenReviews", in, nil)
	if err != nil {
		return nil, err
	}
	return s.reviews.receive(ctx, cluster.ARN, ReviewPoll, s.ending, s.now), nil
}

// CompleteTokenReviews (openirsa) takes the cluster's word on tokens that it received. Errors are *iam.Error.
func (s *Service) CompleteTokenReviews(ctx context.Context, caller iam.Caller, in TokenReviewsInput, results []ReviewResult) error {
	cluster, err := s.reviewer(ctx, caller, "CompleteTokenReviews", in, map[string]any{"results": len(results)})
	if err == nil {
		s.reviews.complete(cluster.ARN, results, s.now())
	}
	return err
}

// reviewer authorizes and records a call of a cluster that reviews tokens.
func (s *Service) reviewer(ctx context.Context, caller iam.Caller, name string, in TokenReviewsInput, more map[string]any) (iam.Cluster, error) {
	e := caller.Event("openirsa.amazonaws.com", name)
	e.RequestParameters = map[string]any{"name": shorten(in.Name), "uid": shorten(in.UID)}
	for key, value := range more {
		e.RequestParameters[key] = value
	}
	e.ReadOnly, e.Action = true, "openirsa:"+name
	account, err := s.directory.Account(ctx, caller.Principal.Account)
	if err != nil {
		return iam.Cluster{}, s.conclude(ctx, e, internal("reading the caller's account", err), true)
	}
	e.Resource = account.ClusterARN(caller.Origin.Region, in.Name)
	decision := iam.Authorize(caller, e.Action, e.Resource, nil)
	if e.Decision = &decision; !decision.Allowed() {
		return iam.Cluster{}, s.conclude(ctx, e, iam.Denied(caller, e.Action, e.Resource, decision), true)
	}
	cluster, ok := account.ClusterNamed(caller.Origin.Region, in.Name)
	switch {
	case !ok:
		err = refusal("NoSuchEntity", "No cluster found for name: "+shorten(in.Name)+".", nil)
	case cluster.UID != in.UID || in.UID == "":
		err = refusal("InvalidInput", "The UID is not that of the registered cluster's kube-system namespace.", nil)
	}
	if err != nil {
		describe(&e, err)
	}
	s.trail.Enqueue(e)
	return cluster, err
}
