package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/cloud"
	"github.com/openirsa/openirsa/policy"
	"github.com/openirsa/openirsa/policy/compare"
)

// accountDetails is what GetAccountAuthorizationDetails answers, in the names of the API
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html).
type accountDetails struct {
	UserDetailList  []entityDetail
	GroupDetailList []entityDetail
	RoleDetailList  []entityDetail
	Policies        []managedDetail
	IsTruncated     bool   // there is another page
	NextToken       string // likewise, as the AWS CLI says it with --max-items
}

// entityDetail is a user, a group or a role.
type entityDetail struct {
	Arn, UserName, GroupName, UserId, RoleId string
	GroupList                                []string
	UserPolicyList                           []inlineDetail
	GroupPolicyList                          []inlineDetail
	RolePolicyList                           []inlineDetail
	AttachedManagedPolicies                  []struct{ PolicyName, PolicyArn string }
	PermissionsBoundary                      *struct{ PermissionsBoundaryArn string }
	Tags                                     []struct{ Key, Value string }
	AssumeRolePolicyDocument                 documentText
}

type inlineDetail struct {
	PolicyName     string
	PolicyDocument documentText
}

type managedDetail struct {
	Arn               string
	PolicyVersionList []struct {
		Document         documentText
		IsDefaultVersion bool
	}
}

// documentText is a policy document: an object, as the AWS CLI prints it, or a URL-encoded string, as the API answers.
type documentText []byte

// UnmarshalJSON takes either form.
func (d *documentText) UnmarshalJSON(data []byte) error {
	*d = append(documentText{}, data...)
	var text string
	if json.Unmarshal(data, &text) != nil {
		return nil
	}
	decoded, err := url.PathUnescape(text)
	*d = documentText(decoded)
	return err
}

// subjectEntry is a user or role, or why it cannot be asked about.
type subjectEntry struct {
	ARN     string
	Subject compare.Subject
	Err     error
}

// loadSubjects reads the users and roles of a folder or file, or else of the plane or account that the environment names.
func loadSubjects(ctx context.Context, from string) ([]subjectEntry, error) {
	var pages [][]byte
	if from != "" {
		var err error
		if pages, err = readDetails(from); err != nil {
			return nil, err
		}
	} else {
		client, err := cloud.New(ctx, cloud.Config{})
		if err != nil {
			return nil, err
		}
		if pages, err = client.AuthorizationDetails(ctx); err != nil {
			return nil, failure("Account", err, "name a folder with --policies, or configure credentials and AWS_ENDPOINT_URL")
		}
	}
	var all accountDetails
	truncated := 0
	for _, page := range pages {
		var details accountDetails
		if err := json.Unmarshal(page, &details); err != nil {
			return nil, failure("Account", fmt.Errorf("reading account details: %w", err), "they are what `aws iam get-account-authorization-details` prints")
		}
		if details.IsTruncated || details.NextToken != "" {
			truncated++
		}
		all.UserDetailList = append(all.UserDetailList, details.UserDetailList...)
		all.GroupDetailList = append(all.GroupDetailList, details.GroupDetailList...)
		all.RoleDetailList = append(all.RoleDetailList, details.RoleDetailList...)
		all.Policies = append(all.Policies, details.Policies...)
	}
	if truncated == len(pages) {
		return nil, failure("Account", errors.New("the details go on in a page that is not there"), "save all pages, or let `aws iam get-account-authorization-details` fetch them all")
	}
	return all.subjects()
}

// readDetails reads a file, or the *.json files of a folder and below.
func readDetails(from string) ([][]byte, error) {
	var pages [][]byte
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path != from && filepath.Ext(path) != ".json" {
			return err
		}
		page, err := os.ReadFile(path)
		if err == nil && !json.Valid(page) {
			err = fmt.Errorf("%s is not JSON", path)
		}
		pages = append(pages, page)
		return err
	})
	if err == nil && len(pages) == 0 {
		err = fmt.Errorf("%s has no *.json files", from)
	}
	if err != nil {
		return nil, failure("Unreadable", err, "save what `aws iam get-account-authorization-details` prints to a *.json file there")
	}
	return pages, nil
}

func (d *accountDetails) subjects() ([]subjectEntry, error) {
	for _, list := range []*[]entityDetail{&d.UserDetailList, &d.GroupDetailList, &d.RoleDetailList} {
		var err error
		if *list, err = unique(*list); err != nil {
			return nil, err
		}
	}
	var entries []subjectEntry
	for _, user := range d.UserDetailList {
		identity := user.UserPolicyList
		entities := []entityDetail{user}
		var missing error
		for _, name := range user.GroupList {
			i := slices.IndexFunc(d.GroupDetailList, func(g entityDetail) bool { return g.GroupName == name && accountOf(g.Arn) == accountOf(user.Arn) })
			if i < 0 {
				missing = fmt.Errorf("its group %s is not among the details", name)
				continue
			}
			identity = append(slices.Clone(identity), d.GroupDetailList[i].GroupPolicyList...)
			entities = append(entities, d.GroupDetailList[i])
		}
		entries = append(entries, d.subject(user, entities, identity, missing))
	}
	for _, role := range d.RoleDetailList {
		entries = append(entries, d.subject(role, []entityDetail{role}, role.RolePolicyList, nil))
	}
	if len(entries) == 0 {
		return nil, failure("Account", errNoSubjects, "they are what `aws iam get-account-authorization-details` prints")
	}
	slices.SortStableFunc(entries, func(a, b subjectEntry) int { return strings.Compare(a.ARN, b.ARN) })
	return entries, nil
}

// unique drops entities that are listed once more, as where a folder has one answer in two files. Two that share an ARN and are not the same make
// an error, since either may be out of date.
func unique(list []entityDetail) ([]entityDetail, error) {
	var kept []entityDetail
	for _, entity := range list {
		i := slices.IndexFunc(kept, func(other entityDetail) bool { return other.Arn == entity.Arn })
		if i >= 0 && !reflect.DeepEqual(kept[i], entity) {
			return nil, failure("Account", fmt.Errorf("%s is there twice, and not the same", entity.Arn), "keep one answer about each account")
		}
		if i < 0 {
			kept = append(kept, entity)
		}
	}
	return kept, nil
}

var errNoSubjects = errors.New("the details have neither users nor roles")

// accountOf is the account in an ARN.
func accountOf(text string) string {
	arn, _ := policy.ParseARN(text) // of what is none, none
	return arn.Account
}

// subject puts together the policies of one user or role. entities are itself and its groups.
func (d *accountDetails) subject(self entityDetail, entities []entityDetail, inline []inlineDetail, missing error) subjectEntry {
	entry := subjectEntry{ARN: self.Arn, Err: missing}
	note := func(err error) {
		if entry.Err == nil {
			entry.Err = err
		}
	}
	var err error
	if entry.Subject.Principal, err = policy.ParsePrincipal(self.Arn); err != nil {
		note(err)
		return entry
	}
	for _, p := range inline {
		document, err := policy.Parse(p.PolicyDocument)
		if err != nil {
			note(fmt.Errorf("policy %s:%w", p.PolicyName, err))
			continue
		}
		entry.Subject.Identity = append(entry.Subject.Identity, compare.Named{Name: p.PolicyName, Document: document})
	}
	for _, entity := range entities {
		for _, attached := range entity.AttachedManagedPolicies {
			named, err := d.managed(attached.PolicyArn)
			note(err)
			entry.Subject.Identity = append(entry.Subject.Identity, named)
		}
	}
	if self.PermissionsBoundary != nil {
		named, err := d.managed(self.PermissionsBoundary.PermissionsBoundaryArn)
		note(err)
		entry.Subject.Boundary = []compare.Named{named}
	}
	setKeys(&entry.Subject, self)
	return entry
}

// managed finds the default version of a managed policy.
func (d *accountDetails) managed(arn string) (compare.Named, error) {
	for _, p := range d.Policies {
		if p.Arn != arn {
			continue
		}
		for _, version := range p.PolicyVersionList {
			if version.IsDefaultVersion {
				document, err := policy.Parse(version.Document)
				if err != nil {
					return compare.Named{}, fmt.Errorf("policy %s:%w", arn, err)
				}
				return compare.Named{Name: arn, Document: document}, nil
			}
		}
	}
	return compare.Named{}, fmt.Errorf("its policy %s is not among the details", arn)
}

// mayTagSessions tells whether somebody may give a role's sessions tags, which take the place of the role's own of the same key (IAM User Guide,
// "Pass session tags in AWS STS"): whether its trust policy allows sts:TagSession at all. Of what is no trust policy it is true.
func mayTagSessions(trust documentText) bool {
	document, err := policy.Parse(trust)
	if err != nil {
		return len(trust) > 0
	}
	for i := range document.Len() {
		s := document.Statement(i)
		listed := slices.ContainsFunc(s.Action.Values, func(t policy.Text) bool {
			return policy.MatchGlob(strings.ToLower(t.Value), "sts:tagsession")
		})
		if !s.Denies() && listed != s.Action.Not {
			return true
		}
	}
	return false
}

// setKeys fills in what is known of every request of the subject (IAM User Guide, "AWS global condition context keys", properties of the principal).
// A role acts through sessions, whose names, and tags beside the role's own or in their place, are not known.
func setKeys(subject *compare.Subject, self entityDetail) {
	p := &subject.Principal
	p.ID = self.UserId + self.RoleId // one of them
	subject.Keys = map[string][]string{"aws:PrincipalArn": {self.Arn}, "aws:PrincipalAccount": {p.Account}, "aws:PrincipalIsAWSService": {"false"},
		"aws:PrincipalType": {"User"}, "aws:PrincipalServiceName": {}}
	for _, tag := range self.Tags {
		if p.Type != policy.Role || !mayTagSessions(self.AssumeRolePolicyDocument) {
			subject.Keys["aws:PrincipalTag/"+tag.Key] = []string{tag.Value}
		}
	}
	if p.Type == policy.Role {
		name := self.Arn[strings.LastIndexByte(self.Arn, '/')+1:]
		arn, _ := policy.ParseARN(self.Arn) // it has parsed before
		*p = policy.Principal{Type: policy.AssumedRole, ARN: "arn:" + arn.Partition + ":sts::" + arn.Account + ":assumed-role/" + name + "/session",
			Account: arn.Account, RoleARN: self.Arn, ID: self.RoleId, Session: "session"}
		subject.Keys["aws:PrincipalType"], subject.Keys["aws:username"] = []string{"AssumedRole"}, []string{}
		return
	}
	subject.Keys["aws:username"] = []string{self.UserName}
	if self.UserId != "" {
		subject.Keys["aws:userid"] = []string{self.UserId}
	}
}
