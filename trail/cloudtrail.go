package trail

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openirsa/openirsa/policy"
)

// Resource is what an event was about, as LookupEvents names it: a CloudFormation type, and a name or an ARN.
type Resource struct{ Type, Name string }

// Username is who asked, by a name alone: a user's, a role session's, "root", or the subject of a web identity. "" where nobody proved to be
// anyone.
func (e Event) Username() string {
	who := e.UserIdentity
	switch who.Type {
	case "Root":
		return "root"
	case "IAMUser", "AssumedRole", "FederatedUser":
		if who.UserName != "" {
			return who.UserName
		}
		return lastPart(who.ARN)
	}
	return who.UserName
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// arnParameters are the request parameters that name a resource by its ARN, beside the one that was decided.
var arnParameters = []string{"roleArn", "policyArn", "permissionsBoundary", "openIDConnectProviderArn", "serviceAccountRoleArn"}

// nameParameters are those that name one by its name.
var nameParameters = []struct{ parameter, kind string }{
	{"roleName", "AWS::IAM::Role"}, {"userName", "AWS::IAM::User"}, {"groupName", "AWS::IAM::Group"}, {"instanceProfileName", "AWS::IAM::InstanceProfile"},
}

// Resources are what the event was about: the resource that was decided and those that its parameters and its answer name. A resource of IAM
// or EKS is there twice, by its name and by its ARN, so that it is found by either.
func (e Event) Resources() []Resource {
	var found []Resource
	add := func(kind string, names ...string) {
		for _, name := range names {
			if r := (Resource{kind, name}); name != "" && !slices.Contains(found, r) {
				found = append(found, r)
			}
		}
	}
	addARN := func(text string) {
		if kind, name := resourceOf(text); kind != "" {
			add(kind, name, text)
		}
	}
	addARN(e.Resource)
	for _, parameter := range arnParameters {
		if text, ok := e.RequestParameters[parameter].(string); ok {
			addARN(text)
		}
	}
	for _, named := range nameParameters {
		name, _ := e.RequestParameters[named.parameter].(string)
		add(named.kind, name)
	}
	if credentials, ok := e.ResponseElements["credentials"].(map[string]any); ok {
		id, _ := credentials["accessKeyId"].(string)
		add("AWS::IAM::AccessKey", id)
	}
	if session, ok := e.ResponseElements["assumedRoleUser"].(map[string]any); ok {
		id, _ := session["assumedRoleId"].(string)
		arn, _ := session["arn"].(string)
		add("AWS::STS::AssumedRole", id, arn)
	}
	return found
}

// resourceTypes are CloudFormation's names for what an ARN's service and first part say.
var resourceTypes = map[string]string{
	"iam role": "AWS::IAM::Role", "iam policy": "AWS::IAM::Policy", "iam user": "AWS::IAM::User", "iam group": "AWS::IAM::Group",
	"iam instance-profile": "AWS::IAM::InstanceProfile", "iam oidc-provider": "AWS::IAM::OIDCProvider",
	"eks cluster": "AWS::EKS::Cluster", "eks addon": "AWS::EKS::Addon",
}

// resourceOf is the type and the name of what an ARN names; both are "" for other texts and for patterns.
func resourceOf(text string) (kind, name string) {
	arn, err := policy.ParseARN(text)
	if err != nil || strings.ContainsAny(arn.Resource, "*?") {
		return "", ""
	}
	what, path, _ := strings.Cut(arn.Resource, "/")
	switch kind = resourceTypes[arn.Service+" "+what]; {
	case path == "" || kind == "":
		return "", ""
	case what == "oidc-provider":
		return kind, path
	case what == "addon":
		if parts := strings.Split(path, "/"); len(parts) == 3 {
			return kind, parts[1] // cluster/name/id
		}
	}
	return kind, lastPart(path)
}

// recordVersion is the version of the records' format that CloudTrailRecord writes.
const recordVersion = "1.11"

// cloudTrailRecord is a CloudTrail record ("CloudTrail record contents for management, data, and network activity events").
type cloudTrailRecord struct {
	EventVersion        string           `json:"eventVersion"`
	UserIdentity        recordIdentity   `json:"userIdentity"`
	EventTime           string           `json:"eventTime"` // UTC, to the second
	EventSource         string           `json:"eventSource"`
	EventName           string           `json:"eventName"`
	AWSRegion           string           `json:"awsRegion"`
	SourceIPAddress     string           `json:"sourceIPAddress"`
	UserAgent           string           `json:"userAgent"`
	ErrorCode           string           `json:"errorCode,omitempty"`
	ErrorMessage        string           `json:"errorMessage,omitempty"`
	RequestParameters   map[string]any   `json:"requestParameters"`
	ResponseElements    map[string]any   `json:"responseElements"`
	AdditionalEventData map[string]any   `json:"additionalEventData,omitempty"`
	RequestID           string           `json:"requestID"`
	EventID             string           `json:"eventID"`
	ReadOnly            bool             `json:"readOnly"`
	Resources           []recordResource `json:"resources,omitempty"`
	EventType           string           `json:"eventType"`
	ManagementEvent     bool             `json:"managementEvent"`
	RecipientAccountID  string           `json:"recipientAccountId"`
	EventCategory       string           `json:"eventCategory"`
}

type recordResource struct {
	ARN       string `json:"ARN"`
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type"`
}

// recordIdentity is Identity with what a session's role can be told by.
type recordIdentity struct {
	Identity
	SessionContext *sessionContext `json:"sessionContext,omitempty"`
}

type sessionContext struct {
	SessionIssuer sessionIssuer `json:"sessionIssuer"`
}

// sessionIssuer is a session's role. Its ARN is not in the event: a session's ARN has no path.
type sessionIssuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

// CloudTrailRecord is the event as the JSON of a CloudTrail record. What CloudTrail does not have is in additionalEventData: the decision with
// its action and resource, and the place in the trail.
func (e Event) CloudTrailRecord() (string, error) {
	r := cloudTrailRecord{
		EventVersion: recordVersion, UserIdentity: recordIdentity{Identity: e.UserIdentity, SessionContext: e.sessionContext()},
		EventTime: e.Time.UTC().Format(time.RFC3339), EventSource: e.Source, EventName: e.Name,
		AWSRegion: e.Region, SourceIPAddress: e.SourceIP, UserAgent: e.UserAgent, ErrorCode: e.ErrorCode, ErrorMessage: e.ErrorMessage,
		RequestParameters: e.RequestParameters, ResponseElements: e.ResponseElements, AdditionalEventData: e.additional(), RequestID: e.RequestID,
		EventID: e.ID, ReadOnly: e.ReadOnly, EventType: "AwsApiCall", ManagementEvent: e.Category == Management, RecipientAccountID: e.Account,
		EventCategory: e.Category,
	}
	for _, resource := range e.Resources() {
		if arn, err := policy.ParseARN(resource.Name); err == nil {
			r.Resources = append(r.Resources, recordResource{ARN: resource.Name, AccountID: arn.Account, Type: resource.Type})
		}
	}
	text, err := marshal(r)
	return string(text), err
}

// sessionContext is nil for callers without a session of a role.
func (e Event) sessionContext() *sessionContext {
	who := e.UserIdentity
	arn, err := policy.ParseARN(who.ARN)
	if who.Type != "AssumedRole" || err != nil {
		return nil
	}
	id, _, _ := strings.Cut(who.PrincipalID, ":")
	parts := strings.Split(arn.Resource, "/") // assumed-role/role/session
	if len(parts) != 3 {
		return nil
	}
	return &sessionContext{sessionIssuer{Type: "Role", PrincipalID: id, AccountID: who.AccountID, UserName: parts[1]}}
}

func (e Event) additional() map[string]any {
	data := map[string]any{"sequence": strconv.FormatUint(e.Sequence, 10)}
	for name, text := range map[string]string{
		"action": e.Action, "resource": e.Resource, "explanation": e.Explanation, "encodedAuthorizationMessage": e.EncodedAuthorizationMessage,
	} {
		if text != "" {
			data[name] = text
		}
	}
	if e.Decision != nil {
		data["decision"] = e.Decision
	}
	if e.Count > 1 {
		data["count"] = e.Count
	}
	return data
}
