package gateway

import (
	"context"
	"fmt"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/policy"
)

// A request names some resources by half: a secret without the six characters that its ARN ends with, an Auto Scaling group without the UUID in
// its ARN. Their services keep one such name for one resource. So where exactly one resource is known that has it, the request is decided on that one.

// groupNameTag is the tag that Amazon EC2 Auto Scaling gives to the instances of a group (Amazon EC2 Auto Scaling User Guide, "Tag Auto Scaling groups
// and instances"). No request can give it: the prefix aws: is AWS's own.
const groupNameTag = "aws:autoscaling:groupName"

// narrow puts resources that are known in the places of patterns that name them by half. Where none is known, or several are, the pattern stays.
func (x *serviceExchange) narrow(ctx context.Context) error {
	for i := range x.operation.Calls {
		call := &x.operation.Calls[i]
		if makes := strings.HasPrefix(x.operation.Name, "Create") && isOfType(x.operation.Name, call.Resource); makes || !call.AnyResource {
			continue // a new resource is none of those that are known
		}
		if err := x.nameGroup(ctx, call); err != nil {
			return err
		}
		if !namedByHalf(call.Resource) {
			continue
		}
		known, err := x.knownOf(call.Resource)
		if err != nil {
			return err
		}
		if len(known) == 1 {
			call.Resource, call.AnyResource = known[0], false
		}
	}
	return nil
}

// nameGroup finds the Auto Scaling group of a request that names only an instance in it (TerminateInstanceInAutoScalingGroup, SetInstanceHealth), where
// the instance's tags are known.
func (x *serviceExchange) nameGroup(ctx context.Context, call *awsmodel.Call) error {
	pattern, err := policy.ParseARN(call.Resource)
	instance, named := x.operation.Input["InstanceId"].(string)
	if err != nil || !named || pattern.Service != "autoscaling" || pattern.Resource != "autoScalingGroup:*:autoScalingGroupName/*" {
		return nil
	}
	arn := policy.ARN{Partition: pattern.Partition, Service: "ec2", Region: pattern.Region, Account: pattern.Account, Resource: "instance/" + instance}
	tags, err := x.c.Attributes.Tags(ctx, pattern.Account, arn.String())
	if err != nil {
		return fmt.Errorf("reading the tags of an instance: %w", err)
	}
	if group := tags[groupNameTag]; group != "" && !strings.ContainsAny(group, "*?") {
		call.Resource = strings.TrimSuffix(call.Resource, "*") + group
	}
	return nil
}

// namedByHalf tells whether a pattern lacks only what its service adds to a resource's name, and which no other resource of that name can have.
func namedByHalf(resource string) bool {
	pattern, err := policy.ParseARN(resource)
	if err != nil {
		return false
	}
	named := ""
	switch pattern.Service {
	case "autoscaling": // autoScalingGroup:UUID:autoScalingGroupName/NAME, and likewise launch configurations
		_, rest, _ := strings.Cut(pattern.Resource, ":")
		if id, name, found := strings.Cut(rest, ":"); found && id == "*" {
			named = name
		}
	case "secretsmanager":
		if name, cut := strings.CutSuffix(pattern.Resource, "-??????"); cut {
			named = name
		}
	}
	return named != "" && !strings.ContainsAny(named, "*?")
}
