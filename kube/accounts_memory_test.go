//go:build !race

package kube_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/kube"
)

// childURL names, in the process that TestAccountsMemory starts, the API server to follow.
const childURL = "OPENIRSA_TEST_FOLLOW"

// TestAccountsMemory follows 1,000 and 100,000 accounts in a process of its own each, and compares what the kernel says that they hold.
func TestAccountsMemory(t *testing.T) {
	if url := os.Getenv(childURL); url != "" {
		followAndTell(t, url)
		return
	}
	if testing.Short() {
		t.Skip("two processes and 100,000 accounts")
	}
	few, _, _ := followElsewhere(t, 1_000)
	most, peak, ready := followElsewhere(t, 100_000)
	each := (most - few) / 99_000
	t.Logf("%d bytes for each account: %d kB resident with 1,000, %d kB with 100,000 (at most %d kB), ready in %s", each, few>>10, most>>10, peak>>10, ready)
	if each > 400 {
		t.Errorf("an account costs %d bytes, of at most 400", each)
	}
}

// followElsewhere starts this test in a process of its own.
func followElsewhere(t *testing.T, count int) (resident, peak int, ready time.Duration) {
	t.Helper()
	server := httptest.NewServer(many(count))
	defer server.Close()
	defer server.CloseClientConnections()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAccountsMemory$", "-test.v")
	command.Env = append(os.Environ(), childURL+"="+server.URL)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if _, rest, ok := strings.Cut(line, "followed "); ok {
			var n int
			if _, err := fmt.Sscan(rest, &n, &resident, &peak, (*int64)(&ready)); err != nil || n != count {
				t.Fatalf("%q: %v", line, err)
			}
			return resident, peak, ready
		}
	}
	t.Fatalf("the process told nothing:\n%s", out)
	return
}

func followAndTell(t *testing.T, url string) {
	client, err := kube.New(kube.Config{Server: url})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	accounts := client.Accounts(kube.AccountsConfig{Prefix: "eks.amazonaws.com"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go accounts.Run(ctx)
	await(t, "the list", accounts.Ready)
	ready := time.Since(start).Nanoseconds()
	await(t, "the watch", func() bool { return accounts.Away() == 0 })
	fmt.Println("followed", accounts.Len(), memory(t, "VmRSS"), memory(t, "VmHWM"), ready)
}

// memory reads a line of proc(5)'s status of this process, in bytes.
func memory(t *testing.T, field string) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no proc file system")
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			n, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatalf("no %s", field)
	return 0
}
