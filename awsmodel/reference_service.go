package awsmodel

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// A part of the table is lines of text. Fields are separated by tabs, lists within a field by spaces; numbers in lists are indexes.
//
//	<keys> <sets> <resource types> <actions>      how many lines of each follow
//	<key>	<type>                                 type: a letter of keyTypes, with * when a request may have several values; - when the
//	                                              key is described in another part
//	<key> <key> …                                 a set of condition keys, used by what follows
//	<resource type>	<set>	<ARN>	<ARN>…
//	<action>	<level><set>	<use> <use> …	<dependent> …
//
// An action is named without its service's prefix, its level is a letter of accessLevels. A use is <resource type>, with ! when it is
// required, and :<set> when its keys are not just the resource type's. The last field is missing when there are no dependent actions.

// service is a decoded part.
type service struct {
	actions  []policy.ActionEntry
	byName   map[string]int // service:name in lower case
	keys     map[string]policy.KeyEntry
	patterns []keyPattern // those with most letters of their own first
}

// keyPattern is a condition key with a part to fill in.
type keyPattern struct {
	before, after string // in lower case
	entry         policy.KeyEntry
}

// key finds a condition key by its name in lower case.
func (s *service) key(name string) (policy.KeyEntry, bool) {
	if entry, known := s.keys[name]; known {
		return entry, true
	}
	for _, p := range s.patterns {
		if len(name) > len(p.before)+len(p.after) && strings.HasPrefix(name, p.before) && strings.HasSuffix(name, p.after) {
			return p.entry, true
		}
	}
	return policy.KeyEntry{}, false
}

// serviceReader reads one part.
type serviceReader struct {
	prefix, rest string
	line         int
	service      service
	keys         []string // every key that sets name
	sets         [][]string
	types        []policy.ResourceType
}

func readService(prefix, text string) (*service, error) {
	r := &serviceReader{prefix: prefix, rest: text}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("reading %s: line %d: %w", prefix, r.line, err)
	}
	return &r.service, nil
}

func (r *serviceReader) read() error {
	head, err := r.next()
	if err != nil {
		return err
	}
	readers := []func(line string) error{r.readKey, r.readSet, r.readType, r.readAction}
	var counts []int
	for field := range fields(head) {
		count, err := decimal(field, len(r.rest))
		if err != nil {
			return err
		}
		counts = append(counts, count)
	}
	if len(counts) != len(readers) {
		return fmt.Errorf("%d counts", len(counts))
	}
	r.service.byName, r.service.keys = map[string]int{}, map[string]policy.KeyEntry{}
	for i, read := range readers {
		for range counts[i] {
			line, err := r.next()
			if err != nil {
				return err
			}
			if err := read(line); err != nil {
				return err
			}
		}
	}
	if r.rest != "" {
		return errors.New("text follows the last action")
	}
	slices.SortFunc(r.service.patterns, func(a, b keyPattern) int {
		return cmp.Or(cmp.Compare(len(b.before)+len(b.after), len(a.before)+len(a.after)), cmp.Compare(a.before, b.before), cmp.Compare(a.after, b.after))
	})
	return nil
}

func (r *serviceReader) next() (string, error) {
	line, rest, ended := strings.Cut(r.rest, "\n")
	r.line++
	if !ended {
		return "", errors.New("the part ends within or before this line")
	}
	r.rest = rest
	return line, nil
}

func (r *serviceReader) readKey(line string) error {
	name, code, _ := strings.Cut(line, "\t")
	if n := len(r.keys); n > 0 && r.keys[n-1] >= name || !printable(name) {
		return fmt.Errorf("condition key %q is malformed or out of order", name)
	}
	r.keys = append(r.keys, name)
	if code == "-" {
		return nil
	}
	letter, list := strings.CutSuffix(code, "*")
	kind := keyType(letter)
	if kind == "" {
		return fmt.Errorf("condition key %s has the type %q", name, code)
	}
	entry := policy.KeyEntry{Name: name, Type: kind, List: list}
	before, after, open := strings.Cut(lower(name), "${")
	if !open {
		if _, twice := r.service.keys[before]; twice {
			return fmt.Errorf("condition key %s occurs in two spellings", name)
		}
		r.service.keys[before] = entry
		return nil
	}
	_, after, closed := strings.Cut(after, "}")
	if !closed || strings.Contains(after, "${") {
		return fmt.Errorf("condition key %s must have one part to fill in", name)
	}
	r.service.patterns = append(r.service.patterns, keyPattern{before, after, entry})
	return nil
}

func (r *serviceReader) readSet(line string) error {
	var set []string
	last := -1
	for field := range fields(line) {
		i, err := decimal(field, len(r.keys)-1)
		if err != nil {
			return err
		}
		if i <= last {
			return fmt.Errorf("key %d is out of order", i)
		}
		set, last = append(set, r.keys[i]), i
	}
	r.sets = append(r.sets, set)
	return nil
}

func (r *serviceReader) readType(line string) error {
	columns := strings.Split(line, "\t")
	if len(columns) < 3 {
		return fmt.Errorf("a resource type's line has %d fields", len(columns))
	}
	set, err := r.set(columns[1])
	if err != nil {
		return err
	}
	if n := len(r.types); n > 0 && r.types[n-1].Name >= columns[0] || columns[0] == "" {
		return fmt.Errorf("resource type %q is out of order", columns[0])
	}
	for _, arn := range columns[2:] {
		if !strings.HasPrefix(arn, "arn:") || !printable(arn) {
			return fmt.Errorf("resource type %s: %q is not an ARN", columns[0], arn)
		}
	}
	r.types = append(r.types, policy.ResourceType{Name: columns[0], ARNs: columns[2:], Keys: set})
	return nil
}

func (r *serviceReader) readAction(line string) error {
	columns := strings.Split(line, "\t")
	if len(columns) < 3 || len(columns) > 4 || len(columns[1]) < 2 || !printable(columns[0]) {
		return errors.New("malformed action")
	}
	set, err := r.set(columns[1][1:])
	if err != nil {
		return err
	}
	a := policy.ActionEntry{Name: r.prefix + ":" + columns[0], AccessLevel: accessLevel(columns[1][0]), Keys: set}
	if a.AccessLevel == "" {
		return fmt.Errorf("action %s has the access level %q", a.Name, columns[1][:1])
	}
	if a.ResourceTypes, err = r.uses(columns[2]); err != nil {
		return err
	}
	if len(columns) == 4 {
		a.Dependent = slices.Collect(fields(columns[3]))
		if !slices.IsSorted(a.Dependent) || slices.ContainsFunc(a.Dependent, func(name string) bool { return strings.IndexByte(name, ':') < 1 }) {
			return fmt.Errorf("action %s: dependent actions are malformed or out of order", a.Name)
		}
	}
	n := len(r.service.actions)
	name := lower(a.Name)
	if _, twice := r.service.byName[name]; twice || n > 0 && r.service.actions[n-1].Name >= a.Name {
		return fmt.Errorf("action %s is out of order", a.Name)
	}
	r.service.byName[name], r.service.actions = n, append(r.service.actions, a)
	return nil
}

// uses reads the resource types of an action.
func (r *serviceReader) uses(list string) ([]policy.ResourceUse, error) {
	var uses []policy.ResourceUse
	for field := range fields(list) {
		name, set, own := strings.Cut(field, ":")
		name, required := strings.CutSuffix(name, "!")
		i, err := decimal(name, len(r.types)-1)
		if err != nil {
			return nil, err
		}
		use := policy.ResourceUse{Type: r.types[i], Required: required}
		if own {
			if use.Type.Keys, err = r.set(set); err != nil {
				return nil, err
			}
		}
		if n := len(uses); n > 0 && uses[n-1].Type.Name >= use.Type.Name {
			return nil, fmt.Errorf("resource type %s is out of order", use.Type.Name)
		}
		uses = append(uses, use)
	}
	return uses, nil
}

func (r *serviceReader) set(index string) ([]string, error) {
	i, err := decimal(index, len(r.sets)-1)
	if err != nil {
		return nil, err
	}
	return r.sets[i], nil
}

// fields yields the members of a list that spaces separate; none of an empty one.
func fields(list string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for rest, more := list, list != ""; more; {
			var field string
			if field, rest, more = strings.Cut(rest, " "); !yield(field) {
				return
			}
		}
	}
}

// printable tells whether s is a word of ASCII.
func printable(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

// keyType is the type that a letter stands for, by the Service Authorization Reference's names; empty for none.
func keyType(letter string) string {
	switch letter {
	case "S":
		return "String"
	case "A":
		return "ARN"
	case "N":
		return "Numeric"
	case "D":
		return "Date"
	case "B":
		return "Bool"
	case "I":
		return "IPAddress"
	case "Y":
		return "Binary"
	}
	return ""
}

// accessLevel is the level that a letter stands for; empty for none.
func accessLevel(letter byte) string {
	switch letter {
	case 'L':
		return "List"
	case 'R':
		return "Read"
	case 'W':
		return "Write"
	case 'T':
		return "Tagging"
	case 'P':
		return "Permissions management"
	}
	return ""
}
