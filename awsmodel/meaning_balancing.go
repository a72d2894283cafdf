package awsmodel

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

func keysOf[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// balancer is how the ARNs of load balancers of a type begin (Elastic Load Balancing API Reference, CreateLoadBalancer).
func balancer(kind string) string {
	switch kind {
	case "network":
		return "net"
	case "gateway":
		return "gwy"
	}
	return "app"
}

// loadBalancingCreated are the resources of Elastic Load Balancing that are made with tags.
func (r *reader) loadBalancingCreated() []created {
	name := func(member, before, after string) []created {
		text := r.text(member)
		if component(member, text) != nil || strings.ContainsAny(text, ":/") {
			text = "*"
		}
		return []created{{"loadbalancer", r.arn("elasticloadbalancing", before+text+after), text == "*"}}
	}
	beneath := func(member, from, to string) []created {
		arn, err := policy.ParseARN(r.text(member))
		if err != nil || component(member, r.text(member)) != nil || !strings.HasPrefix(arn.Resource, from) {
			return []created{{"loadbalancer", r.arn("elasticloadbalancing", to+"*"), true}}
		}
		arn.Resource = to + strings.TrimPrefix(arn.Resource, from) + "/*"
		return []created{{"loadbalancer", arn.String(), false}}
	}
	switch r.operation.Name {
	case "CreateLoadBalancer":
		if _, classic := r.operation.Input["LoadBalancerName"]; classic {
			return name("LoadBalancerName", "loadbalancer/", "")
		}
		return name("Name", "loadbalancer/"+balancer(r.text("Type"))+"/", "/*")
	case "CreateTargetGroup":
		return name("Name", "targetgroup/", "/*")
	case "CreateTrustStore":
		return name("Name", "truststore/", "/*")
	case "CreateListener":
		return beneath("LoadBalancerArn", "loadbalancer/", "listener/")
	case "CreateRule":
		return beneath("ListenerArn", "listener/", "listener-rule/")
	}
	return nil
}

// loadBalancing is the meaning of an operation of Elastic Load Balancing's second API. The reference lists one type for each kind of load
// balancer, and for some actions only the classic one: what a request names by its ARN is what it is decided on, and what it creates is named by its
// kind and name, as AWS's denials show it (loadbalancer/app/NAME/*).
func (r *reader) loadBalancing() ([]Call, error) {
	action := "elasticloadbalancing:" + r.operation.Name
	entry, known := r.reference.Action(action)
	if !known {
		return nil, undecidable(action, noAction)
	}
	if r.operation.Service.APIVersion == "2012-06-01" || entry.WildcardOnly() {
		return r.bind(entry)
	}
	if r.operation.Name == "CreateLoadBalancer" || r.operation.Name == "CreateTargetGroup" || r.operation.Name == "CreateTrustStore" {
		var calls []Call
		for _, made := range r.loadBalancingCreated() {
			calls = append(calls, r.call(entry, r.balancingUse(entry, made.arn), made.arn, made.any))
		}
		return calls, nil
	}
	named := slices.Concat(r.texts("LoadBalancerArn"), r.texts("ListenerArn"), r.texts("RuleArn"), r.texts("TargetGroupArn"), r.texts("TrustStoreArn"),
		r.texts("ResourceArn"), r.texts("ResourceArns"), r.textsAt("RulePriorities", "RuleArn"))
	var calls []Call
	for _, text := range named {
		arn, err := policy.ParseARN(text)
		if err != nil || arn.Service != "elasticloadbalancing" {
			return nil, &Error{Kind: UnknownParameter, Message: "it is not the ARN of a load balancer or a part of one: " + excerpt(text)}
		}
		if err := component("an ARN", text); err != nil {
			return nil, err
		}
		calls = append(calls, r.call(entry, r.balancingUse(entry, text), text, false))
	}
	if len(calls) == 0 {
		return r.bind(entry)
	}
	return calls, nil
}

// balancingUse is the resource type that says which keys go with an ARN: the one that it fits, or the action's first.
func (r *reader) balancingUse(entry policy.ActionEntry, text string) *policy.ResourceUse {
	arn, _ := policy.ParseARN(text)
	for i := range entry.ResourceTypes {
		for _, form := range entry.ResourceTypes[i].Type.ARNs {
			if p, ok := r.reference.pattern(form); ok && p.fits(arn) {
				return &entry.ResourceTypes[i]
			}
		}
	}
	return &entry.ResourceTypes[0]
}

// loadBalancingKeys are the keys of Elastic Load Balancing (Service Authorization Reference, "AWS Elastic Load Balancing V2").
func (r *reader) loadBalancingKeys(keys map[string][]string) {
	put := func(key string, texts []string) {
		if len(texts) > 0 {
			keys["elasticloadbalancing:"+key] = texts
		}
	}
	put("listenerprotocol", slices.Concat(r.texts("Protocol"), r.textsAt("Listeners", "Protocol")))
	put("securitypolicy", r.texts("SslPolicy"))
	put("securitygroup", r.texts("SecurityGroups"))
	put("subnet", slices.Concat(r.texts("Subnets"), r.textsAt("SubnetMappings", "SubnetId")))
	put("scheme", r.texts("Scheme"))
	if r.operation.Name == "CreateLoadBalancer" && r.text("Scheme") == "" {
		put("scheme", []string{"internet-facing"}) // the API Reference's default
	}
}
