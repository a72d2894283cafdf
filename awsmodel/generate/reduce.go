package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// commonPrefix is the part for condition keys that belong to no service.
const commonPrefix = "aws"

// service is what the table says of one service, or of the common condition keys.
type service struct {
	prefix  string
	keys    []key // ascending by name: those that belong to the prefix
	types   []resourceType
	actions []action
}

type key struct {
	name string
	kind string // String, ARN, …; ArrayOfString, … when a request may have several values
}

type resourceType struct {
	name string
	arns []string
	keys []string // ascending
}

type action struct {
	name      string // without prefix
	level     string
	keys      []string
	uses      []use    // ascending by resource type
	dependent []string // ascending
}

type use struct {
	resourceType string
	required     bool
	keys         []string // all that a statement about the action and this resource type may name: the resource type's are among them
}

// The package's files.
type (
	actionFile map[string]struct {
		Name             string   `json:"name"`
		AccessLevel      string   `json:"accessLevel"`
		ConditionKeys    []string `json:"conditionKeys"`
		DependentActions []string `json:"dependentActions"`
		ResourceTypes    []struct {
			Name             string   `json:"name"`
			Required         bool     `json:"required"`
			ConditionKeys    []string `json:"conditionKeys"`
			DependentActions []string `json:"dependentActions"`
		} `json:"resourceTypes"`
		Description json.RawMessage `json:"description"`
		Scenarios   json.RawMessage `json:"scenarios"` // EC2's launch scenarios, an older view of the same resource types
	}
	typeFile map[string]struct {
		Key           string   `json:"key"`
		ARN           string   `json:"arn"`
		ConditionKeys []string `json:"conditionKeys"`
	}
	keyFile map[string]struct {
		Key         string          `json:"key"`
		Type        string          `json:"type"`
		Description json.RawMessage `json:"description"`
	}
)

// reduce reads the package's files. It returns the services and the part of the common keys, ascending by prefix.
func reduce(files map[string][]byte) ([]service, error) {
	var prefixes []string
	if err := read(files, "data/services.json", &prefixes); err != nil {
		return nil, err
	}
	keys, err := newKeyring(prefixes, files)
	if err != nil {
		return nil, err
	}
	services := make([]service, 0, len(prefixes)+1)
	for _, prefix := range append(prefixes, commonPrefix) {
		s := service{prefix: prefix, keys: keys.of(prefix)}
		if prefix != commonPrefix {
			if err := s.read(files, keys); err != nil {
				return nil, fmt.Errorf("%s: %w", prefix, err)
			}
		}
		services = append(services, s)
	}
	slices.SortFunc(services, func(a, b service) int { return strings.Compare(a.prefix, b.prefix) })
	return services, nil
}

// read reads a file of the package. A member that it does not expect is an error: it may say something that the table has to keep.
func read(files map[string][]byte, name string, to any) error {
	content, present := files[name]
	if !present {
		return fmt.Errorf("the package has no %s", name)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// read fills the service's resource types and actions.
func (s *service) read(files map[string][]byte, known *keyring) error {
	var types typeFile
	if err := read(files, "data/resourceTypes/"+s.prefix+".json", &types); err != nil {
		return err
	}
	byName := map[string]resourceType{}
	for name, t := range types {
		keys, err := known.names(t.ConditionKeys)
		if err != nil {
			return fmt.Errorf("resource type %s: %w", name, err)
		}
		byName[name] = resourceType{name: t.Key, arns: strings.Split(t.ARN, ", "), keys: keys}
	}
	s.types = slices.SortedFunc(maps.Values(byName), func(a, b resourceType) int { return strings.Compare(a.name, b.name) })

	var actions actionFile
	if err := read(files, "data/actions/"+s.prefix+".json", &actions); err != nil {
		return err
	}
	for name, from := range actions {
		a := action{name: from.Name, level: from.AccessLevel, dependent: from.DependentActions}
		var err error
		if a.keys, err = known.names(from.ConditionKeys); err != nil {
			return fmt.Errorf("action %s: %w", name, err)
		}
		for _, r := range from.ResourceTypes {
			t, present := byName[strings.ToLower(r.Name)]
			if !present {
				return fmt.Errorf("action %s: unknown resource type %q", name, r.Name)
			}
			own, err := known.names(r.ConditionKeys)
			if err != nil {
				return fmt.Errorf("action %s: %w", name, err)
			}
			a.addUse(use{t.name, r.Required, distinct(append(own, t.keys...))})
			a.dependent = append(a.dependent, r.DependentActions...)
		}
		a.dependent = distinct(a.dependent)
		s.actions = append(s.actions, a)
	}
	slices.SortFunc(s.actions, func(a, b action) int { return strings.Compare(a.name, b.name) })
	return nil
}

// addUse adds a resource type in its place. AWS's pages list a few twice for one action; they are one.
func (a *action) addUse(u use) {
	i, present := slices.BinarySearchFunc(a.uses, u.resourceType, func(u use, name string) int { return strings.Compare(u.resourceType, name) })
	if !present {
		a.uses = slices.Insert(a.uses, i, u)
		return
	}
	a.uses[i].required = a.uses[i].required || u.required
	a.uses[i].keys = distinct(append(a.uses[i].keys, u.keys...))
}

// distinct returns the names ascending and once each.
func distinct(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// keyring has every condition key, by its name in lower case.
type keyring struct {
	prefixes []string
	keys     map[string]key
}

// newKeyring gathers the services' condition keys and the global ones. A key belongs to the service of its prefix, also where only
// another service's page lists it; the page of its own service has the last word on its type.
func newKeyring(prefixes []string, files map[string][]byte) (*keyring, error) {
	k := &keyring{prefixes, map[string]key{}}
	own := map[string]bool{}
	for _, prefix := range prefixes {
		if prefix == commonPrefix {
			return nil, fmt.Errorf("%s is a service's prefix", prefix)
		}
		var listed keyFile
		if err := read(files, "data/conditionKeys/"+prefix+".json", &listed); err != nil {
			return nil, err
		}
		for _, name := range slices.Sorted(maps.Keys(listed)) {
			entry := key{normalKey(listed[name].Key), listed[name].Type}
			id := strings.ToLower(entry.name)
			owner, _, _ := strings.Cut(id, ":")
			present, known := k.keys[id]
			switch {
			case !known || owner == prefix && !own[id]:
				k.keys[id], own[id] = entry, owner == prefix
			case !own[id] && present.kind != entry.kind:
				return nil, fmt.Errorf("condition key %s is a %s and a %s", entry.name, present.kind, entry.kind)
			}
		}
	}
	global, err := globalKeys(files)
	if err != nil {
		return nil, err
	}
	for _, entry := range global {
		id := strings.ToLower(entry.name)
		if present, known := k.keys[id]; known && present.kind != entry.kind && !own[id] {
			return nil, fmt.Errorf("condition key %s is a %s and a %s", entry.name, present.kind, entry.kind)
		}
		if !own[id] {
			k.keys[id] = entry
		}
	}
	return k, nil
}

// of returns the keys that belong to a prefix; those of no service belong to the common ones.
func (k *keyring) of(prefix string) []key {
	var keys []key
	for id, entry := range k.keys {
		owner, _, _ := strings.Cut(id, ":")
		if !slices.Contains(k.prefixes, owner) {
			owner = commonPrefix
		}
		if owner == prefix {
			keys = append(keys, entry)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return strings.Compare(a.name, b.name) })
	return keys
}

// names returns keys as the table spells them, ascending.
func (k *keyring) names(listed []string) ([]string, error) {
	var names []string
	for _, name := range listed {
		entry, known := k.keys[strings.ToLower(normalKey(name))]
		if !known {
			return nil, fmt.Errorf("unknown condition key %q", name)
		}
		names = append(names, entry.name)
	}
	return distinct(names), nil
}

// normalKey writes the part to fill in as ${…} throughout. AWS's pages have s3:ExistingObjectTag/<key>, aws:PrincipalTag/tag-key,
// secretsmanager:ResourceTag/tag-key and glacier:ResourceTag/ beside it.
func normalKey(name string) string {
	for _, ending := range []string{"/<key>", "/tag-key", "/"} {
		if before, found := strings.CutSuffix(name, ending); found {
			return before + "/${TagKey}"
		}
	}
	return name
}

// globalKeys reads the list of the global condition keys, which the package has as a program's text.
func globalKeys(files map[string][]byte) ([]key, error) {
	const name = "dist/esm/globalConditionKeys.js"
	list, _, _ := bytes.Cut(files[name], []byte("];"))
	entry := regexp.MustCompile(`\{\s*key: '([^'\s]+)',\s*category: '[^']*',\s*type: '(\w+)',[^{}]*\}`)
	var keys []key
	for _, match := range entry.FindAllSubmatch(list, -1) {
		k := key{normalKey(string(match[1])), string(match[2])}
		if k.name == "aws:SourceVpcArn" {
			k.kind = "ARN" // the package says String; the key's section on AWS's page of global condition keys says ARN
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 || len(keys) != bytes.Count(list, []byte("key:")) {
		return nil, fmt.Errorf("%s: understood %d global condition keys", name, len(keys))
	}
	return keys, nil
}
