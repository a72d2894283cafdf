package sts

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

const shareCluster = "arn:aws:eks:eu-central-1:111122223333:cluster/prod"

// crowd asks for the cluster's word on number tokens of a subject, and returns what each was told once all have been.
func crowd(t *testing.T, r *reviews, namespace, name string, number int) (told chan error) {
	t.Helper()
	told = make(chan error, number)
	for i := range number {
		about := asked{shareCluster, fmt.Sprintf("%s/%s/%d", namespace, name, i), "system:serviceaccount:" + namespace + ":" + name, []string{"sts.amazonaws.com"}}
		go func() {
			good, err := r.ask(context.Background(), about, time.Now(), 4*time.Second)
			if err == nil && !good {
				err = errNotVouched
			}
			told <- err
		}()
		synctest.Wait()
	}
	return told
}

// vouch has the cluster give its word on a page, of which it returns how many were of a namespace and a name.
func vouch(r *reviews) map[string]int {
	found := map[string]int{}
	taken, _ := r.take(shareCluster, time.Now())
	var results []ReviewResult
	for _, one := range taken {
		var namespace, name string
		fmt.Sscanf(one.Token, "%3s/%1s", &namespace, &name)
		found[namespace+"/"+name]++
		results = append(results, ReviewResult{one.ID, true})
	}
	r.complete(shareCluster, results, time.Now())
	return found
}

func refused(told chan error) (n int) {
	for len(told) > 0 {
		if errors.Is(<-told, errManyReviews) {
			n++
		}
	}
	return n
}

// TestReviewShares: whoever fills all places of a cluster loses some to others, who are served first.
func TestReviewShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r reviews
		greedy := crowd(t, &r, "bad", "a", 400)
		if n := refused(greedy); n != 400-maxReviews {
			t.Errorf("of 400 at once %d were refused, want %d", n, 400-maxReviews)
		}
		honest := crowd(t, &r, "shp", "a", 10)
		sibling := crowd(t, &r, "bad", "b", 10) // of the greedy one's namespace
		synctest.Wait()
		if n := refused(honest) + refused(sibling); n > 0 {
			t.Errorf("%d others were refused", n)
		}
		if n := refused(greedy); n != 20 {
			t.Errorf("the greedy one lost %d places, want 20", n)
		}
		if n := len(r.clusters[shareCluster].open); n != maxReviews {
			t.Errorf("%d places are taken", n)
		}
		if got := vouch(&r); got["shp/a"] != 10 || got["bad/b"] != 10 || got["bad/a"] != maxReviewPage-20 {
			t.Errorf("the first page has %v", got)
		}
		synctest.Wait()
		for range 10 {
			if err := errors.Join(<-honest, <-sibling); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(5 * time.Second) // nobody answers the rest
		synctest.Wait()
		if n := len(r.clusters); n != 0 {
			t.Errorf("%d queues are left", n)
		}
	})
}

// TestReviewSharesEven: among namespaces that fill the places in equal shares none takes one from another, and one more subject does not help.
func TestReviewSharesEven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r reviews
		first, second := crowd(t, &r, "one", "a", maxReviews/2), crowd(t, &r, "two", "a", maxReviews/2)
		more := crowd(t, &r, "two", "b", 200)
		if n := refused(first); n > 0 {
			t.Errorf("the first namespace lost %d places", n)
		}
		// Within its own namespace the new subject comes to an equal share, a quarter of all.
		if lost := refused(second); lost != maxReviews/4 {
			t.Errorf("the second namespace's first account lost %d places, want %d", lost, maxReviews/4)
		}
		if n := refused(more); n != 200-maxReviews/4 {
			t.Errorf("its other account was refused %d times, want %d", n, 200-maxReviews/4)
		}
		if got := vouch(&r); got["one/a"] != 32 || got["two/a"] != 16 || got["two/b"] != 16 {
			t.Errorf("the first page has %v", got)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
	})
}

// TestReviewSharesUnderWay: what the cluster was given is never taken away, and counts when the next page is made.
func TestReviewSharesUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r reviews
		crowd(t, &r, "bad", "a", maxReviews)
		for range maxReviews / maxReviewPage {
			if taken, _ := r.take(shareCluster, time.Now()); len(taken) != maxReviewPage {
				t.Fatalf("%d were taken", len(taken))
			}
		}
		late := crowd(t, &r, "shp", "a", 1)
		if n := refused(late); n != 1 {
			t.Errorf("with all places under way, %d newcomers of 1 were refused", n)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
	})
}
