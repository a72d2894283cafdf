package trail

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
)

const childDir = "OPENIRSA_TEST_TRAIL_CHILD"

// TestMain is also the program that TestKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		recordUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// recordUntilKilled records from 4 goroutines, with a queue busy beside them, and prints every acknowledged request id.
func recordUntilKilled(dir string) {
	tr, err := Open(Config{Dir: dir, MaxFileSize: 100_000, MaxFiles: 1000})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				tr.Enqueue(event("queued"))
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if err := tr.Record(context.Background(), event(id)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(id) // one write(2): os.Stdout has no buffer
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// TestKill kills a recording process 20 times, at whatever point it is. Every acknowledged event is there, and the chain holds
// through all of it.
func TestKill(t *testing.T) {
	dir := folder(t)
	acknowledged := map[string]bool{}
	for round := range 20 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childDir+"="+dir)
		child.Stderr = os.Stderr
		output, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == round*37%200 {
				child.Process.Kill() // what it printed before it died still comes
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("the child was not killed: %v", err)
		}
		closeTrail(t, openTrail(t, Config{Dir: dir}))
	}
	if len(acknowledged) < 1000 {
		t.Fatalf("only %d events were acknowledged", len(acknowledged))
	}
	for _, e := range readTrail(t, dir) {
		delete(acknowledged, e.RequestID)
	}
	if len(acknowledged) > 0 {
		t.Fatalf("%d acknowledged events are lost: %v", len(acknowledged), acknowledged)
	}
}
