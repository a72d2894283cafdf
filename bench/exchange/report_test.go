package main

import (
	"testing"
	"time"

	"github.com/openirsa/openirsa/bench/load"
	"github.com/openirsa/openirsa/bench/servers"
)

func TestReportComparesMedians(t *testing.T) {
	compared := []*servers.Server{{Name: "irsa"}, {Name: "peer"}}
	r := newReport(compared)
	for i, w := range workloads {
		for _, requests := range []int{100, 4000, 900 * (i + 1)} {
			r.add(w, compared[0], load.Measurement{Requests: requests, Elapsed: time.Second})
		}
		for _, requests := range []int{1, 100, 1000} {
			r.add(w, compared[1], load.Measurement{Requests: requests, Elapsed: time.Second})
		}
	}
	if worst, ok := r.worstRatio(); !ok || worst != 9 {
		t.Errorf("the worst ratio is %v, %t; want 9", worst, ok)
	}
	if _, ok := newReport(compared[:1]).worstRatio(); ok {
		t.Error("a ratio without a peer")
	}
}
