package compare

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openirsa/openirsa/policy"
)

func parse(t testing.TB, source string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(source))
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return d
}

func TestQuick(t *testing.T) {
	dir := os.Getenv("OPENIRSA_TESTDATA") + "/policies/"
	read := func(n string) *policy.Document {
		s, _ := os.ReadFile(dir + n)
		x := strings.ReplaceAll(string(s), "${Partition}", "aws")
		return parse(t, x)
	}
	show := func(a, b string) {
		start := time.Now()
		r, err := Diff(read(a), read(b), Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("=== %s -> %s: same %v, not proven %q, %v", filepath.Base(a), filepath.Base(b), r.Same(), r.NotProven, time.Since(start))
		for i, list := range [][]Grant{r.Removed, r.Added} {
			for _, g := range list {
				t.Logf("%s statement %d %q %d conditions", []string{"-", "+"}[i], g.Number, g.Resources, len(g.Statement.Conditions))
				for _, x := range g.Actions {
					t.Logf("    %s %s", x.Name, x.Witness.Line())
				}
			}
		}
	}
	show("aws-managed/AmazonEBSCSIDriverPolicy.json", "aws-ebs-csi-driver/example-iam-policy.json")
	show("aws-managed/AmazonEFSCSIDriverPolicy.json", "aws-efs-csi-driver/iam-policy-example.json")
	v := strings.Split("2.0.0 2.0.1 2.1.2 2.2.0 2.3.0 2.4.0 2.4.7 2.5.0 2.7.0 2.9.0 2.10.0 2.11.0 2.12.0 2.13.0", " ")
	for i := range len(v) - 1 {
		show("aws-load-balancer-controller/revisions/iam_policy_v"+v[i]+".json", "aws-load-balancer-controller/revisions/iam_policy_v"+v[i+1]+".json")
	}
}
