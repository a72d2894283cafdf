package awsmodel

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// rolePaths are the members in a shape, by their paths, that have "role" in their names and hold texts.
func rolePaths(s *Shape, path []string, seen []*Shape) [][]string {
	if slices.Contains(seen, s) || len(path) > 12 {
		return nil
	}
	seen = append(slices.Clip(seen), s)
	var found [][]string
	switch s.Kind {
	case Structure, Union:
		for _, m := range s.Members {
			found = append(found, rolePaths(m.Shape, append(slices.Clip(path), m.Name), seen)...)
		}
	case List, Map:
		found = rolePaths(s.Element.Shape, path, seen)
	case String:
		if len(path) > 0 && strings.Contains(lower(path[len(path)-1]), "role") {
			found = [][]string{path}
		}
	}
	return found
}

// inputAt is a value of a shape in which only the text at a path is set. The keys of maps are what hides most where it is in a model.
func inputAt(s *Shape, path []string, text string) any {
	switch s.Kind {
	case List:
		return []any{inputAt(s.Element.Shape, path, text)}
	case Map:
		return map[string]any{"tags": inputAt(s.Element.Shape, path, text)}
	case Structure, Union:
		m, _ := s.Member(path[0])
		return map[string]any{path[0]: inputAt(m.Shape, path[1:], text)}
	}
	return text
}

// Every member of every model that is called as a role makes a request ask for iam:PassRole, or testdata/roles.tsv says why not: by the operation and
// the member, or "prefix:*" for a service.
func TestRolesArePassed(t *testing.T) {
	reasons, used := readReasons(t, "testdata/roles.tsv"), map[string]bool{}
	models, reference := openBoth(t)
	const role = "arn:aws:iam::111122223333:role/app"
	for _, s := range models.Services() {
		for _, o := range s.Operations() {
			if slices.ContainsFunc([]string{"Describe", "Get", "List", "Search"}, func(verb string) bool { return strings.HasPrefix(o.Name, verb) }) {
				continue // they hand nothing to a service
			}
			for _, path := range rolePaths(o.Input, nil, nil) {
				input, _ := inputAt(o.Input, path, role).(map[string]any)
				r, err := newReader(reference, &Operation{Service: s, Name: o.Name, Input: input}, samplePlace())
				if err != nil {
					t.Fatal(err)
				}
				calls, err := r.passes()
				passed := err == nil && slices.ContainsFunc(calls, func(c Call) bool {
					return c.Action == "iam:PassRole" && (c.Resource == role || c.InstanceProfile == role)
				})
				listed := false
				for _, name := range []string{s.Prefix + ":*", s.Prefix + ":" + o.Name, s.Prefix + ":" + o.Name + "." + strings.Join(path, ".")} {
					if reasons[name] != "" {
						listed, used[name] = true, true
					}
				}
				if passed == listed {
					t.Errorf("%s:%s.%s: passed is %v, and in testdata/roles.tsv is %v", s.Prefix, o.Name, strings.Join(path, "."), passed, listed)
				}
			}
		}
	}
	for name := range reasons {
		if !used[name] {
			t.Errorf("testdata/roles.tsv: %s has no role", name)
		}
	}
}

// readReasons reads a file of names, each with its reason after a tab.
func readReasons(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, reason, found := strings.Cut(strings.TrimSpace(line), "\t")
		if !found {
			t.Fatalf("%s: %q has no reason", path, line)
		}
		reasons[name] = reason
	}
	return reasons
}
