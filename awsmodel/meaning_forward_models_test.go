package awsmodel

import (
	"slices"
	"strings"
	"testing"
)

// textPaths are the paths to the texts in a shape of whose last member wanted says so.
func textPaths(s *Shape, path []string, seen []*Shape, wanted func(string) bool) [][]string {
	if slices.Contains(seen, s) || len(path) > 12 {
		return nil
	}
	seen = append(slices.Clip(seen), s)
	var found [][]string
	switch s.Kind {
	case Structure, Union:
		for _, m := range s.Members {
			found = append(found, textPaths(m.Shape, append(slices.Clip(path), m.Name), seen, wanted)...)
		}
	case List, Map:
		found = textPaths(s.Element.Shape, path, seen, wanted)
	case String:
		if len(path) > 0 && wanted(lower(path[len(path)-1])) {
			found = [][]string{path}
		}
	}
	return found
}

// reasonsOf are the reasons in a file of testdata and in a table of the package, which must not say the same twice. A
// name in the table without a colon is a service.
func reasonsOf(t *testing.T, file string, table map[string]string) map[string]string {
	t.Helper()
	reasons := readReasons(t, file)
	for name, reason := range table {
		if !strings.Contains(name, ":") {
			name += ":*"
		}
		if reasons[name] != "" {
			t.Errorf("%s is in %s and in the table", name, file)
		}
		reasons[name] = reason
	}
	return reasons
}

// Every member of every model that by its name may be a bucket, an object or a key of another service leads to a call on
// it, or notForwarded says why not, or it is none and testdata/forward.tsv says what it is: by "prefix:*",
// "prefix:Operation" or "prefix:member".
func TestWhatServicesReachForIsAsked(t *testing.T) {
	reasons, used := reasonsOf(t, "testdata/forward.tsv", notForwarded), map[string]bool{}
	models, reference := openBoth(t)
	const key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	wanted := func(name string) bool {
		in := func(word string) bool { return strings.Contains(name, word) }
		return slices.ContainsFunc([]string{"kms", "encryptionkey", "bucket", "s3", "templateurl"}, in)
	}
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			if o.Input == nil || strings.HasPrefix(o.Name, "Describe") || strings.HasPrefix(o.Name, "List") {
				continue // what they name they look for
			}
			for _, path := range textPaths(o.Input, nil, nil, wanted) {
				texts := []string{"s3://shop-bucket/code.zip"}
				switch name := lower(path[len(path)-1]); {
				case strings.Contains(name, "kms") || strings.Contains(name, "encryptionkey"):
					texts = []string{key}
				case strings.Contains(name, "bucket"):
					texts = []string{"shop-bucket", "arn:aws:s3:::shop-bucket"}
				}
				asked := slices.ContainsFunc(texts, func(text string) bool {
					input, _ := inputAt(o.Input, path, text).(map[string]any)
					r, err := newReader(reference, &Operation{Service: s, Name: o.Name, Input: input}, samplePlace())
					return err == nil && slices.ContainsFunc(r.forwards(nil), func(c Call) bool { return c.Resource == key || c.Bucket == "shop-bucket" })
				})
				listed := false
				for _, name := range []string{s.Prefix + ":*", s.Prefix + ":" + o.Name, s.Prefix + ":" + path[len(path)-1]} {
					if reasons[name] != "" {
						listed, used[name] = true, true
					}
				}
				if asked == listed {
					t.Errorf("%s:%s.%s: asked is %v, and in testdata/forward.tsv is %v", s.Prefix, o.Name, strings.Join(path, "."), asked, listed)
				}
			}
		}
	}
	for name := range reasons {
		if !used[name] {
			t.Errorf("%s names nothing", name)
		}
	}
}
