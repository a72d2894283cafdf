package cloud_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openirsa/openirsa/cloud"
)

// TestInstanceAccount answers as EC2's instance metadata service, version 2: a token by PUT, then the document to whoever shows it.
func TestInstanceAccount(t *testing.T) {
	region := "us-gov-west-1"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
			fmt.Fprint(w, "the-token")
		case r.URL.Path == "/latest/dynamic/instance-identity/document" && r.Header.Get("X-Aws-Ec2-Metadata-Token") == "the-token":
			fmt.Fprintf(w, `{"accountId":"111122223333","region":%q,"instanceId":"i-1234567890abcdef0"}`, region)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	if partition, account, err := cloud.InstanceAccount(t.Context(), server.URL); err != nil || partition != "aws-us-gov" || account != "111122223333" {
		t.Errorf("%q, %q, %v", partition, account, err)
	}
	region = "nowhere"
	if _, _, err := cloud.InstanceAccount(t.Context(), server.URL); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("an unknown region: %v", err)
	}
}
