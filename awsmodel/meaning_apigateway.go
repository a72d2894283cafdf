package awsmodel

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// apiGateway is the meaning of an operation of Amazon API Gateway: actions are HTTP's verbs, on ARNs made of the path
// (Amazon API Gateway Developer Guide, "How Amazon API Gateway works with IAM"; Service Authorization Reference, "Amazon API Gateway Management"
// and "… Management V2"). Newer operations have actions of their own name.
func (r *reader) apiGateway() ([]Call, error) {
	if entry, known := r.reference.Action("apigateway:" + r.operation.Name); known {
		return r.bind(entry)
	}
	model, known := r.operation.Service.Operation(r.operation.Name)
	if !known {
		return nil, undecidable("apigateway:"+r.operation.Name, noAction)
	}
	entry, known := r.reference.Action("apigateway:" + model.Method)
	if !known {
		return nil, undecidable("apigateway:"+r.operation.Name, noAction)
	}
	path, err := r.fillPath(model.URI)
	if err != nil {
		return nil, err
	}
	arn := policy.ARN{Partition: r.place.Partition, Service: "apigateway", Region: r.place.Region, Resource: strings.TrimPrefix(path, "/v2")}
	calls := []Call{r.call(entry, r.useOf(entry, arn), arn.String(), false)}
	if resource, any := r.restAPIPolicy(arn); resource != "" {
		call, err := r.on("apigateway:UpdateRestApiPolicy", "RestApi", resource, any)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// fillPath puts the input into the template of a path, as ARNs have it: decoded, but ARNs in it, whose slashes are none of the path's.
func (r *reader) fillPath(template string) (string, error) {
	template, _, _ = strings.Cut(template, "?")
	parts := strings.Split(template, "/")
	for i, part := range parts {
		label, found := strings.CutPrefix(part, "{")
		if !found {
			continue
		}
		label = strings.TrimSuffix(strings.TrimSuffix(label, "}"), "+")
		value := r.labelled(label)
		if err := component(label, value); err != nil {
			return "", err
		}
		if strings.HasPrefix(value, "arn:") {
			value = url.QueryEscape(value)
		}
		if strings.ContainsAny(value, "/") {
			return "", &Error{Kind: UnknownParameter, Message: fmt.Sprintf("%s: %q cannot be a part of a path", label, excerpt(value))}
		}
		parts[i] = value
	}
	return strings.Join(parts, "/"), nil
}

// labelled is the member that a path's label stands for: by the model's wire name.
func (r *reader) labelled(label string) string {
	if model, known := r.operation.Service.Operation(r.operation.Name); known {
		for _, member := range model.Input.Members {
			if member.Location == InURI && member.Wire == label {
				return r.text(member.Name)
			}
		}
	}
	return r.text(label)
}

func (r *reader) useOf(entry policy.ActionEntry, arn policy.ARN) *policy.ResourceUse {
	best, literal := -1, -1
	for i := range entry.ResourceTypes {
		for _, form := range entry.ResourceTypes[i].Type.ARNs {
			if p, ok := r.reference.pattern(form); ok && p.fits(arn) && p.literal() > literal {
				best, literal = i, p.literal()
			}
		}
	}
	if best < 0 {
		return nil
	}
	return &entry.ResourceTypes[best]
}

// restAPIPolicy is the API whose resource policy an operation sets, which apigateway:UpdateRestApiPolicy decides as well
// (Service Authorization Reference, "Amazon API Gateway Management"). An imported definition may have one in it.
func (r *reader) restAPIPolicy(arn policy.ARN) (resource string, any bool) {
	switch r.operation.Name {
	case "CreateRestApi":
		if r.text("policy") == "" {
			return "", false
		}
		arn.Resource += "/*"
		return arn.String(), false
	case "ImportRestApi":
		arn.Resource = "/restapis/*"
		return arn.String(), false
	case "PutRestApi":
		return arn.String(), false
	case "UpdateRestApi":
		for _, path := range r.textsAt("patchOperations", "path") {
			if strings.HasPrefix(path, "/policy") {
				return arn.String(), false
			}
		}
	}
	return "", false
}
