package main

import (
	"fmt"
	"testing"
)

// TestAnswers holds every engine to the expected answer on every request that is measured: else the comparison says nothing.
func TestAnswers(t *testing.T) {
	for _, w := range workloads {
		for _, count := range w.sizes {
			for _, e := range engines {
				decide, err := e.decider(w.rules(count), newRequest(w.bucket(count)))
				if err != nil {
					t.Fatalf("%s, %s, %d statements: %v", e.name, w.name, count, err)
				}
				if decide() != w.allowed {
					t.Errorf("%s, %s, %d statements: allowed is %v", e.name, w.name, count, !w.allowed)
				}
			}
		}
	}
}

// TestAnswersDiffer changes one thing of each request after the other, so that no engine passes by ignoring it.
func TestAnswersDiffer(t *testing.T) {
	changes := map[string]struct {
		change  func(*request)
		changes []string // the workloads whose answer becomes no; the others keep theirs
	}{
		"another action": {func(r *request) { r.action = "s3:DeleteObject" }, []string{workloads[0].name, workloads[3].name, workloads[4].name}},
		"another bucket": {func(r *request) { r.bucket = "bucket" }, []string{workloads[0].name, workloads[3].name, workloads[4].name}},
		"another user":   {func(r *request) { r.user = "bob" }, []string{workloads[4].name}},
		"another folder": {func(r *request) { r.folder = "bob" }, []string{workloads[4].name}},
		"an address":     {func(r *request) { r.address = "192.168.1.1" }, []string{workloads[3].name}},
		"a client":       {func(r *request) { r.agent = "curl/8" }, []string{workloads[3].name}},
		"a site":         {func(r *request) { r.site = "https://example.org/" }, []string{workloads[3].name}},
		"no TLS":         {func(r *request) { r.secure = false }, []string{workloads[3].name}},
	}
	const count = 5
	for name, c := range changes {
		for _, w := range workloads {
			wanted := w.allowed
			for _, changed := range c.changes {
				wanted = wanted && changed != w.name
			}
			r := newRequest(w.bucket(count))
			c.change(&r)
			for _, e := range engines {
				decide, err := e.decider(w.rules(count), r)
				if err != nil {
					t.Fatalf("%s, %s, %s: %v", e.name, w.name, name, err)
				}
				if decide() != wanted {
					t.Errorf("%s, %s, with %s: allowed is %v", e.name, w.name, name, !wanted)
				}
			}
		}
	}
}

// BenchmarkDecide is what the command measures, one cell at a time, for a profile of it.
func BenchmarkDecide(b *testing.B) {
	for _, w := range workloads {
		for _, count := range w.sizes {
			for _, e := range engines {
				b.Run(fmt.Sprintf("%s/statements=%d/%s", w.name, count, e.name), func(b *testing.B) {
					decide, err := e.decider(w.rules(count), newRequest(w.bucket(count)))
					if err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					for b.Loop() {
						decide()
					}
				})
			}
		}
	}
}

// BenchmarkCompile compiles the rules, as the command measures it.
func BenchmarkCompile(b *testing.B) {
	for _, count := range compiledSizes {
		for _, e := range engines {
			b.Run(fmt.Sprintf("statements=%d/%s", count, e.name), func(b *testing.B) {
				operation := compilation(e, e.document(plain(count)))
				b.ReportAllocs()
				for b.Loop() {
					operation()
				}
			})
		}
	}
}
