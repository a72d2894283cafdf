package awsapi

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/openirsa/openirsa/iam"
	"github.com/openirsa/openirsa/trail"
)

// cloudTrailPrefix begins CloudTrail's X-Amz-Target; the CLI and boto3 put the service's package before it (botocore's model of 2013-11-01,
// targetPrefix), the SDKs that are made from Smithy's model do not.
const (
	cloudTrailPrefix  = "CloudTrail_20131101."
	cloudTrailPackage = "com.amazonaws.cloudtrail.v20131101."
)

// Limits of LookupEvents (CloudTrail API reference).
const (
	maxLookupResults = 50
	maxLookupValue   = 2000
)

var lookupAttributes = []string{
	trail.ByEventID, trail.ByEventName, trail.ByReadOnly, trail.ByUsername, trail.ByResourceType, trail.ByResourceName, trail.ByEventSource, trail.ByAccessKeyID,
}

func cloudTrailOperations(c Config) map[string]operation {
	table := prefixed(cloudTrailPrefix, named(map[string]operation{"LookupEvents": jsonCall("cloudtrail", lookupEvents(c.Trail))}))
	maps.Copy(table, prefixed(cloudTrailPackage, table))
	return table
}

// mayRead authorizes a call on the trail, which knows no callers, and begins its event. A denial is recorded before it is answered. Shown is
// what AWS's sentence names as the resource; "": none.
func mayRead(ctx context.Context, events Trail, caller iam.Caller, service, name, shown string) (trail.Event, error) {
	const resource = "*"
	action := service + ":" + name
	decision := iam.Authorize(caller, action, resource, nil)
	event := caller.Event(service+".amazonaws.com", name)
	event.Category, event.ReadOnly = trail.Management, true
	event.Action, event.Resource, event.Decision = action, resource, &decision
	if decision.Allowed() {
		return event, nil
	}
	refused := iam.Denied(caller, action, shown, decision)
	event.ErrorCode, event.ErrorMessage = refused.Code, refused.Message
	if err := events.Record(ctx, event); err != nil {
		return event, err
	}
	return event, refused
}

type lookupAttribute struct{ AttributeKey, AttributeValue string }

// lookupInput is LookupEventsRequest. Times are seconds since 1970.
type lookupInput struct {
	LookupAttributes   []lookupAttribute
	StartTime, EndTime *float64
	EventCategory      string
	MaxResults         *int
	NextToken          string
}

type lookupOutput struct {
	Events    []lookupEvent
	NextToken string `json:",omitempty"`
}

// lookupEvent is the Event data type (https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Event.html).
type lookupEvent struct {
	EventId         string
	EventName       string
	ReadOnly        string // "true" or "false"
	AccessKeyId     string `json:",omitempty"`
	EventTime       epoch
	EventSource     string
	Username        string `json:",omitempty"`
	Resources       []lookupResource
	CloudTrailEvent string
}

type lookupResource struct{ ResourceType, ResourceName string }

// lookupEvents answers cloudtrail:LookupEvents: the management events of the caller's account, in every region. It is recorded after it has
// looked, so that it does not find itself.
func lookupEvents(events Trail) func(context.Context, iam.Caller, lookupInput) (any, error) {
	return func(ctx context.Context, caller iam.Caller, in lookupInput) (any, error) {
		event, err := mayRead(ctx, events, caller, "cloudtrail", "LookupEvents", "")
		if err != nil {
			return nil, err
		}
		event.RequestParameters = in.parameters()
		out, err := in.look(ctx, events, caller.Principal.Account)
		if err != nil {
			told, _ := refusal(err)
			event.ErrorCode, event.ErrorMessage = told.Code, told.Message
		}
		events.Enqueue(event)
		return out, err
	}
}

func (in lookupInput) look(ctx context.Context, events Trail, account string) (any, error) {
	query, err := in.query(account)
	if err != nil {
		return nil, err
	}
	out := lookupOutput{Events: []lookupEvent{}}
	if in.EventCategory != "" {
		return out, nil // insights, which nobody here draws
	}
	page, err := events.Lookup(ctx, query)
	if errors.Is(err, trail.ErrLookupToken) {
		return nil, &iam.Error{Code: "InvalidNextTokenException", Message: "The NextToken is not that of a lookup with these parameters.", Err: err}
	}
	if err != nil {
		return nil, err
	}
	out.NextToken = page.Token
	for _, e := range page.Events {
		shown, err := newLookupEvent(e)
		if err != nil {
			return nil, err
		}
		out.Events = append(out.Events, shown)
	}
	return out, nil
}

// query checks the parameters.
func (in lookupInput) query(account string) (trail.LookupQuery, error) {
	q := trail.LookupQuery{Account: account, Limit: maxLookupResults, Token: in.NextToken}
	switch {
	case len(in.LookupAttributes) > 1:
		return q, &iam.Error{Code: "InvalidLookupAttributesException", Message: "A lookup takes one attribute."}
	case len(in.LookupAttributes) == 1:
		q.Attribute, q.Value = in.LookupAttributes[0].AttributeKey, in.LookupAttributes[0].AttributeValue
		if !slices.Contains(lookupAttributes, q.Attribute) || q.Value == "" || len(q.Value) > maxLookupValue {
			return q, &iam.Error{Code: "InvalidLookupAttributesException", Message: "The lookup attribute is not one of CloudTrail's, or its value is empty or too long."}
		}
	}
	if in.EventCategory != "" && in.EventCategory != "insight" {
		return q, &iam.Error{Code: "InvalidEventCategoryException", Message: "The only event category to be named is insight."}
	}
	if in.MaxResults != nil {
		if q.Limit = *in.MaxResults; q.Limit < 1 || q.Limit > maxLookupResults {
			return q, &iam.Error{Code: "InvalidMaxResultsException", Message: "MaxResults must be from 1 to 50."}
		}
	}
	var startIs, endIs bool
	q.Start, startIs = timeOf(in.StartTime)
	q.End, endIs = timeOf(in.EndTime)
	if !startIs || !endIs || in.StartTime != nil && in.EndTime != nil && q.Start.After(q.End) {
		return q, &iam.Error{Code: "InvalidTimeRangeException", Message: "The start time is after the end time, or one of them is not a time."}
	}
	return q, nil
}

// timeOf reads seconds since 1970, up to the year 9999; nil is the zero time.
func timeOf(seconds *float64) (time.Time, bool) {
	switch {
	case seconds == nil:
		return time.Time{}, true
	case !(*seconds >= 0 && *seconds < 253402300800):
		return time.Time{}, false
	}
	whole, part := math.Modf(*seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), true
}

// parameters are what the trail keeps of the request.
func (in lookupInput) parameters() map[string]any {
	parameters := map[string]any{}
	if in.MaxResults != nil {
		parameters["maxResults"] = *in.MaxResults
	}
	var attributes []any
	for _, a := range in.LookupAttributes[:min(len(in.LookupAttributes), 1)] {
		attributes = append(attributes, map[string]any{"attributeKey": clipped(a.AttributeKey), "attributeValue": clipped(a.AttributeValue)})
	}
	if attributes != nil {
		parameters["lookupAttributes"] = attributes
	}
	for name, seconds := range map[string]*float64{"startTime": in.StartTime, "endTime": in.EndTime} {
		if at, ok := timeOf(seconds); ok && seconds != nil {
			parameters[name] = timestamp(at)
		}
	}
	return parameters
}

func clipped(text string) string { return text[:min(len(text), maxLookupValue)] }

func newLookupEvent(e trail.Event) (lookupEvent, error) {
	text, err := e.CloudTrailRecord()
	shown := lookupEvent{
		EventId: e.ID, EventName: e.Name, ReadOnly: "false", AccessKeyId: e.UserIdentity.AccessKeyID, EventTime: epochOf(e.Time), EventSource: e.Source,
		Username: e.Username(), Resources: []lookupResource{}, CloudTrailEvent: text,
	}
	if e.ReadOnly {
		shown.ReadOnly = "true"
	}
	for _, r := range e.Resources() {
		shown.Resources = append(shown.Resources, lookupResource{r.Type, r.Name})
	}
	return shown, err
}
