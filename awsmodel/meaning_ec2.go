package awsmodel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// identifiers are the beginnings of EC2's ids, which tell what they are ids of
// (Amazon EC2 User Guide, "Resource IDs"; the services' pages show them in examples).
var identifiers = map[string]string{
	"acl": "network-acl", "afi": "fpga-image", "aki": "image", "ami": "image", "ari": "image", "cagw": "carrier-gateway",
	"cgw": "customer-gateway", "cr": "capacity-reservation", "crf": "capacity-reservation-fleet", "cvpn-endpoint": "client-vpn-endpoint",
	"dopt": "dhcp-options", "eice": "instance-connect-endpoint", "eigw": "egress-only-internet-gateway", "eipalloc": "elastic-ip",
	"eni": "network-interface", "export-ami": "export-image-task", "export-i": "export-instance-task", "fl": "vpc-flow-log",
	"fleet": "fleet", "h": "dedicated-host", "hr": "host-reservation", "i": "instance", "iew": "instance-event-window",
	"igw": "internet-gateway", "import-ami": "import-image-task", "import-snap": "import-snapshot-task", "ipam": "ipam",
	"ipam-pool": "ipam-pool", "ipam-pool-alloc": "ipam-pool-allocation", "ipam-res-disco": "ipam-resource-discovery",
	"ipam-res-disco-assoc": "ipam-resource-discovery-association", "ipam-scope": "ipam-scope", "ipv4pool-coip": "coip-pool",
	"ipv4pool-ec2": "ipv4pool-ec2", "ipv6pool-ec2": "ipv6pool-ec2", "lgw": "local-gateway", "lgw-rtb": "local-gateway-route-table",
	"lgw-vif": "local-gateway-virtual-interface", "lgw-vif-grp": "local-gateway-virtual-interface-group", "lt": "launch-template",
	"nat": "natgateway", "nia": "network-insights-analysis", "nip": "network-insights-path", "nis": "network-insights-access-scope",
	"nisa": "network-insights-access-scope-analysis", "pcx": "vpc-peering-connection", "pl": "prefix-list",
	"replacevol": "replace-root-volume-task", "rtb": "route-table", "scr": "subnet-cidr-reservation", "sfr": "spot-fleet-request",
	"sg": "security-group", "sgr": "security-group-rule", "sir": "spot-instances-request", "snap": "snapshot", "subnet": "subnet",
	"tgw": "transit-gateway", "tgw-attach": "transit-gateway-attachment", "tgw-connect-peer": "transit-gateway-connect-peer",
	"tgw-mcast-domain": "transit-gateway-multicast-domain", "tgw-rtb": "transit-gateway-route-table", "tmf": "traffic-mirror-filter",
	"tmfr": "traffic-mirror-filter-rule", "tms": "traffic-mirror-session", "tmt": "traffic-mirror-target",
	"vae": "verified-access-endpoint", "vagr": "verified-access-group", "vai": "verified-access-instance",
	"vatp": "verified-access-trust-provider", "vgw": "vpn-gateway", "vol": "volume", "vpc": "vpc", "vpce": "vpc-endpoint",
	"vpce-svc": "vpc-endpoint-service", "vpn": "vpn-connection",
}

// identifierKind is the type of resource that an id of EC2 is of: a beginning, a hyphen and 8 or 17 hexadecimal digits; empty if it does not have the
// form of one.
func identifierKind(id string) string {
	end := strings.LastIndexByte(id, '-')
	if digits := len(id) - end - 1; end < 0 || digits != 8 && digits != 17 || strings.Trim(id[end+1:], "0123456789abcdef") != "" {
		return ""
	}
	return identifiers[id[:end]]
}

// byIdentifier takes every id of EC2 in a request of EC2, wherever it is: its beginning says what it is of. Ids of other types than
// the action's are not what it is decided on.
func (b *binder) byIdentifier() error {
	if b.prefix != "ec2" {
		return nil
	}
	for _, leaf := range b.leaves {
		if err := b.take(leaf.member, identifierKind(leaf.text), leaf.text); err != nil {
			return err
		}
	}
	for _, name := range b.textsAt("Placement", "GroupName") {
		if err := b.take("GroupName", "placement-group", name); err != nil {
			return err
		}
	}
	return nil
}

// take adds the resource of a type that has an id or name; of a type that the action does not have, nothing.
func (b *binder) take(member, kind, name string) error {
	for i, use := range b.entry.ResourceTypes {
		if kind == "" || use.Type.Name != kind || len(b.patterns[i]) == 0 {
			continue
		}
		if err := component(member, name); err != nil {
			return err
		}
		place := b.place
		if region := b.text("SourceRegion"); region != "" && strings.HasPrefix(member, "Source") {
			if err := component("SourceRegion", region); err != nil || strings.ContainsAny(region, ":/") {
				return &Error{Kind: UnknownParameter, Message: "SourceRegion: it is not the name of a region"}
			}
			place.Region = region
		}
		p := b.patterns[i][0]
		t, err := b.plainName(naming{member, name, p, place, map[string]string{}})
		if err != nil {
			return err
		}
		b.note(member, name)
		b.targets[i] = append(b.targets[i], t)
	}
	return nil
}

// identifier takes an id in a member that is called as one of EC2's ids. What does not have its form is whatever of the type.
func (b *binder) identifier(n naming) (resourceName, error) {
	if identifierKind(n.text) != "" {
		return b.plainName(n)
	}
	arn, _ := n.pattern.fill(n.place, n.values)
	return resourceName{arn, true}, nil
}

// ec2Attribute are the keys of operations that read or change one attribute
// (Service Authorization Reference, "Amazon EC2": ec2:Attribute and ec2:Attribute/${AttributeName}).
func (r *reader) ec2Attribute(keys map[string][]string) {
	if r.operation.Name == "ModifyInstanceMetadataOptions" {
		for _, member := range []string{"HttpEndpoint", "HttpPutResponseHopLimit", "HttpTokens", "InstanceMetadataTags"} {
			if values := r.scalarsAt(member); len(values) > 0 {
				keys["ec2:attribute/"+member] = values
			}
		}
	}
	if !strings.HasSuffix(r.operation.Name, "Attribute") {
		return
	}
	if name := r.text("Attribute"); name != "" {
		keys["ec2:attribute"] = []string{name}
		if value := r.text("Value"); value != "" {
			keys["ec2:attribute/"+name] = []string{value}
		}
		return
	}
	for _, member := range r.members {
		if structure, is := r.operation.Input[member].(map[string]any); is {
			if value, ok := scalar(structure["Value"]); ok && len(structure) == 1 {
				keys["ec2:attribute"] = append(keys["ec2:attribute"], member)
				keys["ec2:attribute/"+member] = []string{value}
			}
		}
	}
}

// ec2Keys are the keys that a request of EC2 gives (Service Authorization Reference, "Condition keys for Amazon EC2").
func (r *reader) ec2Keys(keys map[string][]string) {
	keys["ec2:region"] = []string{r.place.Region}
	r.ec2Attribute(keys)
	first := func(key string, paths ...[]string) {
		for _, path := range paths {
			for _, value := range r.at(path...) {
				if text, ok := scalar(value); ok {
					keys[key] = []string{text}
					return
				}
			}
		}
	}
	first("ec2:instancetype", []string{"InstanceType"}, []string{"LaunchSpecification", "InstanceType"})
	first("ec2:tenancy", []string{"Placement", "Tenancy"}, []string{"InstanceTenancy"})
	first("ec2:availabilityzone", []string{"AvailabilityZone"}, []string{"Placement", "AvailabilityZone"})
	first("ec2:ebsoptimized", []string{"EbsOptimized"})
	first("ec2:metadatahttptokens", []string{"MetadataOptions", "HttpTokens"}, []string{"HttpTokens"})
	first("ec2:metadatahttpendpoint", []string{"MetadataOptions", "HttpEndpoint"}, []string{"HttpEndpoint"})
	first("ec2:metadatahttpputresponsehoplimit", []string{"MetadataOptions", "HttpPutResponseHopLimit"}, []string{"HttpPutResponseHopLimit"})
	first("ec2:instanceprofile", []string{"IamInstanceProfile", "Arn"})
	first("ec2:instancemarkettype", []string{"InstanceMarketOptions", "MarketType"})
	if r.operation.Name == "CreateNetworkInterfacePermission" {
		first("ec2:authorizeduser", []string{"AwsAccountId"})
		first("ec2:permission", []string{"Permission"})
		first("ec2:authorizedservice", []string{"AwsService"})
	}
	if public := r.scalarsAt("NetworkInterfaces", "AssociatePublicIpAddress"); len(public) > 0 {
		keys["ec2:associatepublicipaddress"] = []string{slices.Max(public)} // "true" is after "false": one that is public is
	}
	r.volumeKeys(keys, first)
	r.networkKeys(keys)
}

// devices are the calls for the volumes that RunInstances makes, one for each kind of volume in its devices. An image's own volumes are not in a
// request; without a device that says otherwise, nothing is told of them.
func (b *binder) devices(use *policy.ResourceUse, resource string) []Call {
	var calls []Call
	seen := map[string]bool{}
	for _, device := range structures(b.operation.Input["BlockDeviceMappings"]) {
		volume, _ := device["Ebs"].(map[string]any)
		told := map[string]string{}
		for key, member := range map[string]string{"ec2:volumetype": "VolumeType", "ec2:volumesize": "VolumeSize", "ec2:volumeiops": "Iops",
			"ec2:volumethroughput": "Throughput", "ec2:encrypted": "Encrypted", "ec2:kmskeyid": "KmsKeyId"} {
			if text, ok := scalar(volume[member]); ok {
				told[key] = text
			}
		}
		if id, _ := volume["SnapshotId"].(string); id == "" && told["ec2:encrypted"] == "" {
			told["ec2:encrypted"] = "false" // the API Reference's default, where no snapshot says otherwise
		}
		one := fmt.Sprint(told)
		if volume == nil || seen[one] {
			continue
		}
		seen[one] = true
		for key, text := range told {
			b.keys[key] = []string{text}
		}
		calls = append(calls, b.call(b.entry, use, resource, false))
		for key := range told {
			delete(b.keys, key)
		}
	}
	if len(calls) == 0 {
		return []Call{b.call(b.entry, use, resource, false)}
	}
	return calls
}

// volumeKeys are those of the volume that an operation makes or changes.
func (r *reader) volumeKeys(keys map[string][]string, first func(string, ...[]string)) {
	for key, member := range map[string]string{"ec2:volumetype": "VolumeType", "ec2:volumesize": "Size", "ec2:volumeiops": "Iops",
		"ec2:volumethroughput": "Throughput", "ec2:encrypted": "Encrypted", "ec2:kmskeyid": "KmsKeyId"} {
		if r.operation.Name == "CreateVolume" || r.operation.Name == "CopySnapshot" {
			first(key, []string{member})
		}
	}
	if _, known := keys["ec2:encrypted"]; !known && r.operation.Name == "CreateVolume" && r.text("SnapshotId") == "" {
		keys["ec2:encrypted"] = []string{"false"} // the API Reference's default, where no snapshot says otherwise
	}
	if id := r.text("SnapshotId"); id != "" && r.operation.Name == "CreateVolume" && identifierKind(id) != "" {
		keys["ec2:parentsnapshot"] = []string{"arn:" + r.place.Partition + ":ec2:" + r.place.Region + "::snapshot/" + id}
	}
	if id := r.text("VolumeId"); r.operation.Name == "CreateSnapshot" && identifierKind(id) != "" {
		keys["ec2:parentvolume"] = []string{r.arn("ec2", "volume/"+id)}
	}
}

// ofMade are the keys that tell what is made: of a resource that there is already, its own properties count, which are not in a request.
var ofMade = map[string]bool{"ec2:associatepublicipaddress": true, "ec2:availabilityzone": true, "ec2:ebsoptimized": true, "ec2:encrypted": true,
	"ec2:instancemarkettype": true, "ec2:instanceprofile": true, "ec2:instancetype": true, "ec2:kmskeyid": true, "ec2:metadatahttpendpoint": true,
	"ec2:metadatahttpputresponsehoplimit": true, "ec2:metadatahttptokens": true, "ec2:parentsnapshot": true, "ec2:parentvolume": true,
	"ec2:subnet": true, "ec2:tenancy": true, "ec2:volumeiops": true, "ec2:volumesize": true, "ec2:volumethroughput": true, "ec2:volumetype": true,
	"ec2:vpc": true}

// instanceKey is the value of a key of EC2 for one of its resources; r.keys has it, or it is the resource's own id (ec2:VolumeID).
func (r *reader) instanceKey(name, kind string, call Call) ([]string, bool) {
	made := strings.HasSuffix(call.Resource, "/*") && !call.AnyResource && call.Action != "ec2:CreateTags"
	if ofMade[lower(name)] && !made {
		return nil, false
	}
	if values, known := r.keys[lower(name)]; known {
		return values, true
	}
	_, id, found := strings.Cut(call.Resource, kind+"/")
	if found && kind != "" && !call.AnyResource && id != "*" && bare(strings.TrimPrefix(name, "ec2:")) == bare(kind)+"id" {
		return []string{id}, true
	}
	return nil, false
}

// networkKeys are the ARNs of the network that a request names; of several none is the one.
func (r *reader) networkKeys(keys map[string][]string) {
	found := map[string]string{}
	for _, leaf := range r.leaves {
		kind := identifierKind(leaf.text)
		if kind != "vpc" && kind != "subnet" {
			continue
		}
		if known, before := found[kind]; before && known != leaf.text {
			found[kind] = ""
		} else {
			found[kind] = leaf.text
		}
	}
	for kind, id := range found {
		if id != "" {
			keys["ec2:"+kind] = []string{r.arn("ec2", kind+"/"+id)}
		}
	}
}
