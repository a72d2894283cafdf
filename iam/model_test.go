package iam_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openirsa/openirsa/iam"
)

// model is one account as AWS's documents describe it (IAM API reference; IAM User Guide, "IAM identifiers", "IAM and AWS STS quotas", "Rules for
// tagging", "Rename an IAM user"). It is naive on purpose: it has no versions, no concurrency and no parser, and shares nothing with the directory
// but the types of its answers. Documents are not read: what there is to know about each is in the table of documents.
//
// Of an operation's errors AWS documents which there are, not which comes first. So the model answers with all that apply.
type model struct {
	now       time.Time
	roles     map[string]*entity // by lower-case name, as users, groups, profiles and policies
	users     map[string]*entity
	groups    map[string]*entity
	profiles  map[string]*profile
	policies  map[string]*managed // the account's own
	aws       []*managed
	keys      []*accessKey // in the order in which they were made
	root      *entity      // whose first key was made with the account
	providers map[string]*iam.OpenIDConnectProvider
	alias     string
	elsewhere string // the alias of another account

	offered any             // the directory's answer to this call, from which the ids that it made are taken
	spent   map[string]bool // every id that was ever given
	broken  string          // what was wrong with an id
}

// entity is a role, user or group. Others point to it, so that they follow it wherever it is renamed, and lose it when it is deleted.
type entity struct {
	kind           iam.IdentityKind
	name, path, id string
	created        time.Time
	gone           bool
	boundary       string
	tags           []iam.Tag
	inline         map[string]string // texts by policy name
	attached       []string
	groups         []*entity // of a user

	// Of a role.
	trust       string
	principals  map[string]*entity // whom the trust policy names, by ARN
	description string
	longest     time.Duration
	linked      string
}

type profile struct {
	iam.InstanceProfile
	role *entity
}

type managed struct {
	iam.ManagedPolicy
	versions []iam.PolicyVersion // oldest first
	made     int
}

type accessKey struct {
	iam.AccessKey
	owner *entity
}

// fault is an error that a call may answer.
type fault struct{ code, message string }

// faults are those that apply to a call. With none it succeeds; else it answers one of them and changes nothing.
type faults []fault

func (f *faults) when(applies bool, code, format string, arguments ...any) {
	if applies {
		*f = append(*f, fault{code, fmt.Sprintf(format, arguments...)})
	}
}

func newModel(aws []iam.AWSPolicy, elsewhere string) *model {
	m := &model{
		roles: map[string]*entity{}, users: map[string]*entity{}, groups: map[string]*entity{}, profiles: map[string]*profile{},
		policies: map[string]*managed{}, providers: map[string]*iam.OpenIDConnectProvider{}, spent: map[string]bool{}, elsewhere: elsewhere,
		root: &entity{},
	}
	for _, p := range aws {
		m.aws = append(m.aws, &managed{
			ManagedPolicy: iam.ManagedPolicy{
				Account: "aws", ARN: "arn:aws:iam::aws:policy" + p.Path + p.Name, Name: p.Name, Path: p.Path, ID: p.ID, Description: p.Description,
				Created: p.Created, Updated: p.Updated, DefaultVersionID: p.DefaultVersionID,
			},
			versions: []iam.PolicyVersion{{VersionID: p.DefaultVersionID, Document: p.Document, IsDefault: true, Created: p.Updated}},
		})
	}
	return m
}

func arnOf(kind, path, name string) string {
	return "arn:aws:iam::" + account + ":" + kind + path + name
}

func rooted(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// newID takes the unique id that the directory gave (IAM User Guide, "IAM identifiers": a prefix that tells the kind; never used again).
func (m *model) newID(prefix string) string {
	var id string
	switch offered := m.offered.(type) {
	case iam.Role:
		id = offered.ID
	case iam.User:
		id = offered.ID
	case iam.Group:
		id = offered.ID
	case iam.InstanceProfile:
		id = offered.ID
	case iam.ManagedPolicy:
		id = offered.ID
	case iam.AccessKey:
		id = offered.ID
	}
	random, ok := strings.CutPrefix(id, prefix)
	if !ok || len(id) < 16 || len(id) > 128 || strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		m.broken = fmt.Sprintf("%q is no id that begins with %s", id, prefix)
	} else if m.spent[id] {
		m.broken = id + " was given before"
	}
	m.spent[id] = true
	return id
}

func (m *model) all(kind iam.IdentityKind) map[string]*entity {
	return map[iam.IdentityKind]map[string]*entity{iam.RoleKind: m.roles, iam.UserKind: m.users, iam.GroupKind: m.groups}[kind]
}

// find is the role, user or group of that name, in any case.
func (m *model) find(n iam.IdentityName, f *faults) *entity {
	kind := strings.ToLower(string(n.Kind))
	longest := 128
	if n.Kind == iam.RoleKind {
		longest = 64
	}
	checkName(f, kind+"Name", n.Name(), longest)
	e := m.all(n.Kind)[strings.ToLower(n.Name())]
	f.when(e == nil, "NoSuchEntity", "The %s with name %s cannot be found.", kind, n.Name())
	if e == nil {
		return &entity{kind: n.Kind} // so that the caller's other checks have something to look at
	}
	return e
}

// checkName is what the API reference says of names: letters, digits and _+=,.@-.
func checkName(f *faults, member, name string, longest int) {
	bad := name == "" || len(name) > longest
	for _, r := range name {
		bad = bad || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-", r)
	}
	f.when(bad, "ValidationError", "")
}

// checkPath: a path begins and ends with a slash.
func checkPath(f *faults, path string) {
	f.when(path != "" && (path[0] != '/' || path[len(path)-1] != '/'), "ValidationError", "")
}

func (e *entity) word() string { return strings.ToLower(string(e.kind)) }
func (e *entity) arn() string  { return arnOf(e.word(), e.path, e.name) }

func (e *entity) identity() iam.Identity {
	return iam.Identity{
		Account: account, ARN: e.arn(), Name: e.name, Path: e.path, ID: e.id, Created: e.created, BoundaryARN: e.boundary,
		Tags: slices.Clone(e.tags), Inline: e.inline, Attached: slices.Clone(e.attached),
	}
}

func (e *entity) role() iam.Role {
	return iam.Role{
		Identity: e.identity(), Description: e.description, TrustPolicy: e.shownTrust(), MaxSessionDuration: e.longest, ServiceLinked: e.linked,
	}
}

// shownTrust names principals that are gone by their unique ids ("AWS JSON policy elements: Principal") and those that were renamed by the names
// that they have now ("Rename an IAM user").
func (e *entity) shownTrust() string {
	var pairs []string
	for arn, principal := range e.principals {
		now := principal.arn()
		if principal.gone {
			now = principal.id
		}
		pairs = append(pairs, `"`+arn+`"`, `"`+now+`"`)
	}
	return strings.NewReplacer(pairs...).Replace(e.trust)
}

// trusted is whom a document names, if it can be a trust policy.
func (m *model) trusted(text string, f *faults) map[string]*entity {
	d := documentOf(text)
	f.when(d.trust != "", d.trustCode(), "%s", d.trust)
	principals := map[string]*entity{}
	for _, arn := range d.names {
		for _, e := range []map[string]*entity{m.roles, m.users} {
			for _, candidate := range e {
				if candidate.arn() == arn {
					principals[arn] = candidate
				}
			}
		}
		f.when(principals[arn] == nil, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"%s"`, arn)
	}
	return principals
}

func (m *model) createRole(in iam.CreateRoleInput) (iam.Role, faults) {
	var f faults
	checkName(&f, "roleName", in.RoleName, 64)
	checkPath(&f, in.Path)
	f.when(strings.HasPrefix(in.Path, serviceRolePath), "InvalidInput", "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles")
	f.when(in.MaxSessionDuration != nil && (*in.MaxSessionDuration < 3600 || *in.MaxSessionDuration > 43200), "ValidationError", "")
	f.when(m.roles[strings.ToLower(in.RoleName)] != nil, "EntityAlreadyExists", "Role with name %s already exists.", in.RoleName)
	principals := m.trusted(in.AssumeRolePolicyDocument, &f)
	m.checkBoundary(in.PermissionsBoundary, &f)
	checkTags(&f, nil, in.Tags, strings.EqualFold)
	if len(f) > 0 {
		return iam.Role{}, f
	}
	e := &entity{
		kind: iam.RoleKind, name: in.RoleName, path: rooted(in.Path), id: m.newID("AROA"), created: m.now, boundary: in.PermissionsBoundary,
		tags: in.Tags, trust: in.AssumeRolePolicyDocument, principals: principals, description: in.Description, longest: time.Hour,
	}
	if in.MaxSessionDuration != nil {
		e.longest = time.Duration(*in.MaxSessionDuration) * time.Second
	}
	m.roles[strings.ToLower(e.name)] = e
	return e.role(), nil
}

func (m *model) getRole(in iam.IdentityInput) (iam.Role, faults) {
	var f faults
	e := m.find(in.IdentityName, &f)
	if len(f) > 0 {
		return iam.Role{}, f
	}
	return e.role(), nil
}

// sorted are the entities under a path, by name in any case.
func sorted(entities map[string]*entity, prefix string) []*entity {
	var found []*entity
	for _, e := range entities {
		if strings.HasPrefix(e.path, prefix) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(x, y *entity) int { return strings.Compare(strings.ToLower(x.name), strings.ToLower(y.name)) })
	return found
}

func each[From, To any](items []From, show func(From) To) []To {
	var out []To
	for _, item := range items {
		out = append(out, show(item))
	}
	return out
}

func (m *model) listRoles(in iam.ListByPathInput) ([]iam.Role, faults) {
	return each(sorted(m.roles, in.PathPrefix), (*entity).role), nil
}

// protected is what only AWS may change of a service-linked role.
func (e *entity) protected(f *faults) {
	f.when(e.linked != "", "UnmodifiableEntity",
		"Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", e.name)
}

func (m *model) updateRole(in iam.UpdateRoleInput) faults {
	var f faults
	e := m.find(iam.OfRole(in.RoleName), &f)
	if in.MaxSessionDuration != nil {
		e.protected(&f)
		f.when(*in.MaxSessionDuration < 3600 || *in.MaxSessionDuration > 43200, "ValidationError", "")
	}
	if len(f) > 0 {
		return f
	}
	if in.Description != nil {
		e.description = *in.Description
	}
	if in.MaxSessionDuration != nil {
		e.longest = time.Duration(*in.MaxSessionDuration) * time.Second
	}
	return nil
}

func (m *model) updateRoleDescription(in iam.UpdateRoleDescriptionInput) (iam.Role, faults) {
	if f := m.updateRole(iam.UpdateRoleInput{RoleName: in.RoleName, Description: &in.Description}); len(f) > 0 {
		return iam.Role{}, f
	}
	role := m.roles[strings.ToLower(in.RoleName)].role()
	return role, nil
}

func (m *model) updateAssumeRolePolicy(in iam.UpdateAssumeRolePolicyInput) faults {
	var f faults
	e := m.find(iam.OfRole(in.RoleName), &f)
	e.protected(&f)
	principals := m.trusted(in.PolicyDocument, &f)
	if len(f) == 0 {
		e.trust, e.principals = in.PolicyDocument, principals
	}
	return f
}

// deleted takes an entity away that nothing keeps.
func (m *model) deleted(e *entity, f *faults) faults {
	f.when(len(e.attached) > 0, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	f.when(len(e.inline) > 0, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	if len(*f) == 0 {
		e.gone = true
		delete(m.all(e.kind), strings.ToLower(e.name))
	}
	return *f
}

func (m *model) deleteRole(in iam.IdentityInput) faults {
	var f faults
	e := m.find(in.IdentityName, &f)
	e.protected(&f)
	for _, p := range m.profiles {
		f.when(p.role == e, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	}
	return m.deleted(e, &f)
}
