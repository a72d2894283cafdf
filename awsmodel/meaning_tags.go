package awsmodel

import (
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// tagging is what a request says of tags: those that it sets, by the type of resource that they are for, and the keys of those that it
// removes. The empty type stands for whatever the operation is about.
type tagging struct {
	set     map[string]map[string]string
	removed []string
	typed   bool // the request says for which types its tags are
	twice   bool // a tag is given two values
}

// maxTags is more than AWS allows on any resource (50), for requests that tag several.
const maxTags = 500

// readTags reads the tags in a request, in each of the forms that AWS's services have for them: a list of structures with a key and a value, a
// map, tags by type of resource (TagSpecifications), and a list of keys.
func (r *reader) readTags() (tagging, error) {
	t := tagging{set: map[string]map[string]string{}}
	count := r.gatherTags(&t, r.operation.Input, !r.operation.shape().tagged())
	if strings.HasPrefix(r.operation.Name, "Delete") || strings.HasPrefix(r.operation.Name, "Remove") || strings.HasPrefix(r.operation.Name, "Untag") {
		for key := range t.set[""] { // DeleteTags names tags as CreateTags does
			t.removed = append(t.removed, key)
		}
		delete(t.set, "")
	}
	if count > maxTags || len(t.removed) > maxTags {
		return t, &Error{Kind: UnknownParameter, Message: "the request has more tags than any resource may have"}
	}
	for kind := range t.set {
		for key, value := range t.set[""] {
			before, given := t.set[kind][key]
			t.twice = t.twice || given && before != value
		}
		t.twice = t.twice || collide(t.of(kind).set[""]) // a condition key tells no more of a tag's key than its letters
	}
	if t.twice {
		return t, &Error{Kind: UnknownParameter, Message: "a tag is given twice with different values, or two tags' keys differ in nothing but case"}
	}
	return t, nil
}

// collide tells whether names differ in nothing but case: the names of condition keys are compared without it (IAM User Guide, "IAM JSON policy
// elements: Condition"), so that one key would hide the other.
func collide[V any](names map[string]V) bool {
	seen := make(map[string]bool, len(names))
	for name := range names {
		seen[strings.ToLower(name)] = true
	}
	return len(seen) < len(names)
}

// tagMembers are the members for the tags of what an operation is about.
var tagMembers = map[string]bool{"tag": true, "tags": true, "taglist": true, "tagspecification": true, "tagspecifications": true}

// tagged tells whether an input has a member for tags: others that are called so then say something else (the tags of the targets of a scan).
func (s *Shape) tagged() bool {
	return s != nil && slices.ContainsFunc(s.Members, func(m Member) bool { return tagMembers[bare(m.Name)] })
}

// gatherTags reads the tags in a structure and returns how many there are: where it is an input without a member for them, in all that are called
// like one, and in the structures in it.
func (r *reader) gatherTags(t *tagging, input map[string]any, search bool) int {
	count := 0
	for _, member := range slices.Sorted(keysOf(input)) {
		value := input[member]
		switch name := bare(member); {
		case name == "tagspecifications", name == "tagspecification":
			for _, specification := range structures(value) {
				kind, _ := specification["ResourceType"].(string)
				t.typed = true
				count += t.read(kind, specification["Tags"])
			}
		case name == "tag", name == "taglist", name == "tagsmodel", name == "tagstoadd",
			strings.HasSuffix(name, "tags") && name != "removetags" && !strings.HasPrefix(r.operation.Name, "Describe") && (search || tagMembers[name]):
			count += t.read("", value)
		case listed("tagkeys tagkeylist tagstoremove tagstodelete removetagkeys removetags keys", name):
			if name != "keys" || strings.Contains(lower(r.operation.Name), "tag") {
				t.removed = append(t.removed, textsOf(value)...)
				for _, structure := range structures(value) {
					key, _ := structure["Key"].(string)
					t.removed = append(t.removed, key)
				}
			}
		default:
			// A launch template's tags are not set until instances run from it.
			if structure, is := value.(map[string]any); is && search && name != "launchtemplatedata" {
				count += r.gatherTags(t, structure, false)
			}
		}
	}
	return count
}

// read adds the tags in a value, and returns how many there are. What does not have the form of a tag is none.
func (t *tagging) read(kind string, value any) int {
	if t.set[kind] == nil {
		t.set[kind] = map[string]string{}
	}
	tags := t.set[kind]
	if list, is := value.(map[string]any); is {
		if items, is := list["Items"]; is { // CloudFront's lists
			value = items
		} else {
			for key, value := range list {
				text, _ := value.(string)
				t.give(tags, key, text)
			}
			return len(list)
		}
	}
	list := structures(value)
	for _, tag := range list {
		var key, content string
		for name, value := range tag {
			text, _ := value.(string)
			switch bare(name) {
			case "key", "tagkey":
				key = text
			case "value", "tagvalue":
				content = text
			}
		}
		if key != "" {
			t.give(tags, key, content)
		}
	}
	if keys, is := value.([]any); is { // a list of keys alone
		t.removed = append(t.removed, textsOf(keys)...)
	}
	return len(list)
}

func (t *tagging) give(tags map[string]string, key, value string) {
	before, given := tags[key]
	t.twice = t.twice || given && before != value
	tags[key] = value
}

// of are the tags for a resource of a type.
func (t tagging) of(kind string) tagging {
	if !t.typed {
		return t
	}
	tags := maps.Clone(t.set[kind])
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, t.set[""]) // those without a type are for whatever is made
	return tagging{set: map[string]map[string]string{"": tags}, removed: t.removed}
}

// empty tells whether there are no tags to set.
func (t tagging) empty() bool {
	for _, tags := range t.set {
		if len(tags) > 0 {
			return false
		}
	}
	return true
}

// count is how many tags are set and removed.
func (t tagging) count() int {
	count := len(t.removed)
	for _, tags := range t.set {
		count += len(tags)
	}
	return count
}

// put adds aws:RequestTag/KEY and aws:TagKeys where an action may have them
// (IAM User Guide, "AWS global condition context keys").
func (t tagging) put(allowed []string, keys map[string][]string) {
	names := slices.Clone(t.removed)
	for key, value := range t.set[""] {
		names = append(names, key)
		if slices.Contains(allowed, "aws:RequestTag/${TagKey}") {
			keys["aws:RequestTag/"+key] = []string{value}
		}
	}
	if len(names) > 0 && slices.Contains(allowed, "aws:TagKeys") {
		slices.Sort(names)
		keys["aws:TagKeys"] = slices.Compact(names)
	}
}

// tagsAtCreation are the actions that creating a resource with tags needs as well, with the key that tells it from tagging alone. Each of these
// services' guides or API References says so where it speaks of tags at creation: "Grant permission to tag Amazon EC2 resources during creation"
// (Amazon EC2 User Guide), "ELB API permissions to tag resources during creation", "Using tags with Amazon EFS", CreateKey (AWS KMS),
// CreateSecret, CreateQueue, CreateTopic, CreateLogGroup, PutMetricAlarm, CreateDeliveryStream and the other operations with tags in their input.
var tagsAtCreation = map[string]struct{ action, key string }{
	"autoscaling":          {"autoscaling:CreateOrUpdateTags", ""},
	"budgets":              {"budgets:TagResource", ""}, // Service Authorization Reference, "AWS Budget Service": ModifyBudget
	"cloudwatch":           {"cloudwatch:TagResource", ""},
	"dynamodb":             {"dynamodb:TagResource", ""},
	"ec2":                  {"ec2:CreateTags", "ec2:CreateAction"},
	"ecr":                  {"ecr:TagResource", ""},
	"ecs":                  {"ecs:TagResource", "ecs:CreateAction"},
	"eks":                  {"eks:TagResource", ""},
	"elasticache":          {"elasticache:AddTagsToResource", ""},
	"elasticfilesystem":    {"elasticfilesystem:TagResource", "elasticfilesystem:CreateAction"},
	"elasticloadbalancing": {"elasticloadbalancing:AddTags", "elasticloadbalancing:CreateAction"},
	"events":               {"events:TagResource", ""},
	"firehose":             {"firehose:TagDeliveryStream", ""},
	"kms":                  {"kms:TagResource", ""},
	"lambda":               {"lambda:TagResource", ""},
	"logs":                 {"logs:TagResource", ""},
	"lookoutvision":        {"lookoutvision:TagResource", ""}, // Amazon Lookout for Vision API Reference, CreateModel
	"rds":                  {"rds:AddTagsToResource", ""},
	"rekognition":          {"rekognition:TagResource", ""}, // Amazon Rekognition API Reference, CreateCollection
	"secretsmanager":       {"secretsmanager:TagResource", ""},
	"sns":                  {"sns:TagResource", ""},
	"sqs":                  {"sqs:TagQueue", ""},
	"ssm":                  {"ssm:AddTagsToResource", ""},
	"states":               {"states:TagResource", ""},
	"workspaces":           {"workspaces:CreateTags", ""}, // Amazon WorkSpaces API Reference, CreateWorkspaceImage
}

// taggings are the calls for tags that an operation, which means the calls in own, sets on what it creates.
func (r *reader) taggings(own []Call) ([]Call, error) {
	name := r.operation.Name
	if r.tags.empty() || strings.Contains(name, "Tag") || reads(name) {
		return nil, nil
	}
	dependent, known := tagsAtCreation[r.prefix]
	if !known {
		if dependent.action = r.tagger(own); dependent.action == "" {
			return nil, nil
		}
	}
	var calls []Call
	for _, resource := range r.createdWithTags(dependent.action, own) {
		call, err := r.on(dependent.action, resource.kind, resource.arn, resource.any)
		if err != nil {
			return nil, err
		}
		r.tags.of(resource.kind).put([]string{"aws:RequestTag/${TagKey}", "aws:TagKeys"}, call.Keys)
		if dependent.key != "" {
			call.Keys[dependent.key] = []string{name}
		}
		if r.prefix == "elasticfilesystem" {
			// The policy of the EFS CSI driver allows tagging at creation by aws:ResourceTag: a new access point counts as having the tags it gets.
			for key, value := range r.tags.of(resource.kind).set[""] {
				call.Keys["aws:ResourceTag/"+key] = []string{value}
			}
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// tagger is the action that sets tags, where it is a dependent action of an operation's own.
func (r *reader) tagger(own []Call) string {
	for _, call := range own {
		entry, _ := r.reference.Action(call.Action)
		for _, name := range entry.Dependent {
			action, _ := r.reference.Action(name)
			if action.AccessLevel == "Tagging" && strings.HasPrefix(name, r.prefix+":") && !strings.Contains(name, "Untag") && !strings.Contains(name, "Remove") {
				return name
			}
		}
	}
	return ""
}

// created is a resource that an operation makes.
type created struct {
	kind, arn string
	any       bool
}

// reads tells by an operation's name that it makes and hands over nothing.
func reads(name string) bool {
	return slices.ContainsFunc([]string{"Describe", "Get", "List", "Search"}, func(verb string) bool { return strings.HasPrefix(name, verb) })
}

// createdWithTags are the resources that an operation makes with tags. Where nothing else is known they are what the operation itself is decided on.
func (r *reader) createdWithTags(action string, own []Call) []created {
	switch r.prefix {
	case "kms":
		return []created{{"key", r.arn("kms", "key/*"), false}}
	case "ec2":
		return r.ec2Created()
	case "elasticfilesystem":
		kind := "file-system"
		if r.operation.Name == "CreateAccessPoint" {
			kind = "access-point"
		}
		return []created{{kind, r.arn("elasticfilesystem", kind+"/*"), false}}
	case "elasticloadbalancing":
		return r.loadBalancingCreated()
	}
	entry, _ := r.reference.Action(action)
	var made []created
	for _, call := range own {
		resource := strings.TrimSuffix(call.Resource, ":log-stream:") // a log group's tags are its own
		arn, err := policy.ParseARN(resource)
		if err != nil || !strings.HasPrefix(call.Action, r.prefix+":") {
			continue
		}
		if use := r.useOf(entry, arn); use != nil {
			made = append(made, created{use.Type.Name, resource, call.AnyResource})
		}
	}
	if len(made) == 0 {
		return []created{{"", "*", true}}
	}
	return made
}

// ec2Created are the resources of EC2 that are made with tags.
func (r *reader) ec2Created() []created {
	entry, _ := r.reference.Action("ec2:CreateTags")
	var made []created
	for _, kind := range slices.Sorted(keysOf(r.tags.set)) {
		if len(r.tags.set[kind]) == 0 {
			continue
		}
		arn := r.arn("ec2", "*/*")
		for _, use := range entry.ResourceTypes {
			if p, ok := r.reference.pattern(use.Type.ARNs[0]); ok && (use.Type.Name == kind || kind == "" && bare(use.Type.Name) == noun(r.operation.Name)) {
				arn, _ = p.fill(r.place, nil)
			}
		}
		made = append(made, created{kind, arn, strings.HasSuffix(arn, ":*/*")})
	}
	return made
}
