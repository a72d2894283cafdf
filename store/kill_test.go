package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/openirsa/openirsa/iam"
)

const childPath = "OPENIRSA_TEST_STORE_CHILD"

// TestMain is also the program that TestKill kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		writeUntilKilled(path)
	}
	os.Exit(m.Run())
}

// writeUntilKilled has 8 writers write records of two keys each, and prints every acknowledged one.
func writeUntilKilled(path string) {
	b, err := Open(Config{Path: path, MasterKey: testKey("right")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	for w := range 8 {
		group.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				value := strings.Repeat(name, 20)
				_, err := b.Apply(context.Background(), nil, []iam.Operation{put("plain/"+name, value), put("sealed/"+name, value)})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(name) // one write(2): os.Stdout has no buffer
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// TestKill kills a writing process 20 times, each time after another number of acknowledged batches and at whatever
// point it then is. Every acknowledged batch is there, and every batch is there wholly or not at all.
func TestKill(t *testing.T) {
	path := temporaryPath(t)
	var acknowledged []string
	for round := range 20 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childPath+"="+path)
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
			acknowledged = append(acknowledged, lines.Text())
			if n == round*7%40 {
				child.Process.Kill() // what it printed before it died still comes
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("the child was not killed: %v", err)
		}
		b := openAt(t, path)
		for _, name := range acknowledged {
			for _, key := range []string{"plain/" + name, "sealed/" + name} {
				if record, err := b.Get(t.Context(), key); err != nil || string(record.Value) != strings.Repeat(name, 20) {
					t.Fatalf("round %d: %q, %v", round, record.Value, err)
				}
			}
		}
		records, revision, err := b.List(t.Context(), "", "", 0)
		if err != nil || int64(len(records)) != 2*revision {
			t.Fatalf("round %d: %d records at revision %d, %v: a batch is there by half", round, len(records), revision, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) < 200 {
		t.Fatalf("only %d batches were acknowledged", len(acknowledged))
	}
}
