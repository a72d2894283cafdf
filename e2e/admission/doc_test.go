// Package admission compares `irsa webhook` with amazon-eks-pod-identity-webhook, the peer that it stands in for, as black boxes: both binaries run with
// the same flags against one cluster, answer the same reviews, and what the API server would hold afterwards must be the same pod. Where it is not, a
// documented deviation must say so.
//
// It owns the stub of the cluster's API server and the generator of pods. It holds nothing of the peer: OPENIRSA_PEER_WEBHOOK names its binary, and
// OPENIRSA_PEER_FIXTURES a folder with its fixtures (pkg/handler/testdata). Without the binary the tests are skipped, and say so.
package admission

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"net"
	"testing"
)

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func asJSON(value any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return b.String()
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// freeAddress is a loopback port that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	mustDo(t, err)
	defer listener.Close()
	return listener.Addr().String()
}
