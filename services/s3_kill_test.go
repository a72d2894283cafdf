package services

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const childDir = "OPENIRSA_TEST_S3_CHILD"

// TestMain is also the program that TestKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		putUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// do answers one request without a network.
func do(s *S3, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set(AccountHeader, account)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// putUntilKilled has 4 writers put objects and overwrite one, and prints the key of every acknowledged put.
func putUntilKilled(dir string) {
	s, err := NewS3(S3Config{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	do(s, http.MethodPut, "/data", "")
	var mu sync.Mutex
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("/data/%d-%d-%d", os.Getpid(), w, i)
				for _, path := range []string{key, "/data/same"} {
					if w := do(s, http.MethodPut, path, strings.Repeat(key, 1000)); w.Code != http.StatusOK {
						fmt.Fprintln(os.Stderr, w.Body)
						os.Exit(1)
					}
				}
				mu.Lock()
				fmt.Println(key)
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// TestKill kills a writing process, reopens what it left, and finds every acknowledged object whole and no other blob.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for round := range 5 {
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
			acknowledged = append(acknowledged, lines.Text())
			if n == 3+round*5 {
				child.Process.Kill() // what it printed before it died still comes
			}
		}
		if err := child.Wait(); err == nil || child.ProcessState.Exited() {
			t.Fatalf("the child was not killed: %v", err)
		}
		s, err := NewS3(S3Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range acknowledged {
			if w := do(s, http.MethodGet, key, ""); w.Code != http.StatusOK || w.Body.String() != strings.Repeat(key, 1000) {
				t.Errorf("round %d: %s answers %d with %d bytes", round, key, w.Code, w.Body.Len())
			}
		}
		used, err := s.index.blobsInUse()
		if err != nil {
			t.Fatal(err)
		}
		if n := (&server{t: t, dir: dir}).blobCount(); n != len(used) {
			t.Errorf("round %d: %d blobs for %d objects", round, n, len(used))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
