package awsmodel

import (
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// verbs begin the names of operations that make what their name goes on with. Others (Start, Restore, Register) may also be about one that there is.
var verbs = []string{"Allocate", "Copy", "Create", "Import", "Request", "Run"}

// noun is what an operation's name says that it is about, in the plain form: cluster for DescribeCluster.
func noun(operation string) string {
	for i := 1; i < len(operation); i++ {
		if 'A' <= operation[i] && operation[i] <= 'Z' {
			return bare(operation[i:])
		}
	}
	return ""
}

// creates tells whether the operation makes a resource of the type.
func (b *binder) creates(kind policy.ResourceType) bool {
	name := b.operation.Name
	made := slices.ContainsFunc(verbs, func(verb string) bool {
		rest, found := strings.CutPrefix(name, verb)
		return found && (bare(rest) == bare(kind.Name) || bare(rest) == bare(kind.Name)+"s")
	})
	return made || createsInstead(b.entry.Name, kind.Name)
}

// candidates are the members of the request that may name a part of a type's ARN. The rules go by names, which AWS's services keep to: the
// part's own (TableName), or for the last part the type's own with the part's ending (the type cluster and the part ClusterName: cluster,
// clusterName, clusterNames), or name and id alone where the operation's name says of what (DescribeCluster).
func (b *binder) candidates(kind policy.ResourceType, name string, last bool) []string {
	wanted := map[string]bool{}
	var paths []string
	for _, key := range []string{b.operation.Name + "." + name, kind.Name + "." + name, name} {
		for member := range strings.FieldsSeq(hints[b.prefix+":"+key]) {
			if strings.Contains(member, ".") {
				paths = append(paths, member)
			}
			wanted[bare(member)] = true
		}
	}
	part := bare(name)
	wanted[part] = true
	if last {
		lastCandidates(wanted, bare(kind.Name), part, noun(b.operation.Name))
	} else {
		for _, ending := range []string{"name", "id"} { // the cluster of ECS's services
			if stem, found := strings.CutSuffix(part, ending); found && stem != "" {
				wanted[stem] = true
			}
		}
	}
	return append(slices.DeleteFunc(slices.Clone(b.members), func(member string) bool { return !wanted[bare(member)] }), paths...)
}

func lastCandidates(wanted map[string]bool, kind, part, noun string) {
	wanted[part+"s"], wanted[part+"list"] = true, true
	for _, ending := range []string{"name", "id", "identifier"} {
		stem, found := strings.CutSuffix(part, ending)
		if !found {
			continue
		}
		for _, what := range []string{kind, stem} {
			if what == "" || what == "resource" {
				continue
			}
			wanted[what], wanted[what+"s"] = true, true
			for _, form := range endings(ending) {
				wanted[what+form], wanted[what+form+"s"] = true, true
			}
			if noun == what || noun == what+"s" {
				for _, form := range endings(ending) {
					wanted[form], wanted[form+"s"] = true, true
				}
			}
		}
		return
	}
}

// endings are the endings of members that mean the same as one of a part.
func endings(ending string) []string {
	if ending == "name" {
		return []string{"name"}
	}
	return []string{"id", "identifier"}
}

// suspect tells whether the request has a member that seems to name a resource of the type, and that no rule has bound.
func (b *binder) suspect(i int) bool {
	if b.open[i] {
		return true
	}
	kind := bare(b.entry.ResourceTypes[i].Type.Name)
	words := []string{kind}
	for _, p := range b.patterns[i] {
		if names := p.names(); len(names) > 0 {
			words = append(words, stem(bare(names[len(names)-1])))
		}
	}
	suspects := map[string]bool{} // members, by their names
	return slices.ContainsFunc(b.leaves, func(leaf leaf) bool {
		suspected, known := suspects[leaf.plain]
		if !known {
			name := stem(leaf.plain)
			suspected = !unrelated[b.prefix+":"+leaf.plain] &&
				slices.ContainsFunc(words, func(word string) bool {
					return word != "" && strings.HasSuffix(name, word) && (leaf.top || !general[word])
				})
			suspects[leaf.plain] = suspected
		}
		if b.bound[binding{leaf.member, leaf.text}] {
			return false
		}
		if leaf.top && whateverMembers[leaf.plain] {
			return len(b.targets[i]) == 0
		}
		return suspected
	})
}

// general are words that say, in a structure within a request, only that it has a name.
var general = map[string]bool{"name": true, "id": true, "arn": true, "resource": true, "type": true}

// stem is a name without what says only in which way it names something.
func stem(name string) string {
	for _, ending := range []string{"identifierlist", "identifiers", "identifier", "arnlist", "namelist", "names", "name", "ids", "id", "arns",
		"arn", "s"} {
		if stem, found := strings.CutSuffix(name, ending); found && stem != "" {
			return stem
		}
	}
	return name
}

// naming is one value that names the last part of a type's ARN.
type naming struct {
	member, text string
	pattern      pattern
	place        Place
	values       map[string]string // of the parts before
}
