package trail

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkRecord: one writer lock, events encoded outside of it, by as many goroutines as there are processors; with sync by
// 64 times as many, who share flushes.
func BenchmarkRecord(b *testing.B) {
	exchange := event("b3c1e1f0-0000-4000-8000-000000000001")
	exchange.UserIdentity = Identity{Type: "WebIdentityUser", PrincipalID: "https://issuer:sts.amazonaws.com:system:serviceaccount:shop:cart",
		UserName: "system:serviceaccount:shop:cart", Provider: "arn:aws:iam::123456789012:oidc-provider/oidc.example.com/id/ABCDEF"}
	exchange.RequestParameters = map[string]any{"roleArn": "arn:aws:iam::123456789012:role/cart", "roleSessionName": "cart", "durationSeconds": 3600}
	exchange.ResponseElements = map[string]any{"assumedRoleUser": map[string]any{"arn": "arn:aws:sts::123456789012:assumed-role/cart/cart"}}
	for _, sync := range []bool{false, true} {
		b.Run(fmt.Sprintf("sync=%t", sync), func(b *testing.B) {
			tr := openTrail(b, Config{Dir: folder(b), Sync: sync})
			b.ReportAllocs()
			if sync {
				b.SetParallelism(64)
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := tr.Record(context.Background(), exchange); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkEnqueue(b *testing.B) {
	tr := openTrail(b, Config{Dir: folder(b)})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			tr.Enqueue(event("b3c1e1f0-0000-4000-8000-000000000001"))
		}
	})
}

// BenchmarkFind: a trail of 128 MiB, the newest event and one that is not there.
func BenchmarkFind(b *testing.B) {
	dir := folder(b)
	tr := openTrail(b, Config{Dir: dir})
	for len(paths(b, dir)) < 3 {
		for range 10_000 {
			tr.Enqueue(event("b3c1e1f0-0000-4000-8000-000000000001"))
		}
	}
	record(b, tr, "newest")
	for _, id := range []string{"newest", "b3c1e1f0-0000-4000-8000-000000000002"} {
		b.Run(id, func(b *testing.B) {
			for b.Loop() {
				if _, err := tr.Find(context.Background(), id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
