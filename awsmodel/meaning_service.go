package awsmodel

// prefixes are those of the services whose actions begin with another name than their credential scope has
// (Service Authorization Reference, "Actions, resources, and condition keys for AWS services"; each service's page begins with its prefix).
var prefixes = map[string]string{
	"IoTSecuredTunneling": "iot", // "AWS IoT" has the actions of secure tunneling
	"awsssoportal":        "sso",
	"cloudcontrolapi":     "cloudformation", // "AWS Cloud Control API" has cloudformation's actions
	"iot-jobs-data":       "iotjobsdata",
	"iotdata":             "iot",
	"ioteventsdata":       "iotevents",
	"monitoring":          "cloudwatch",
	"mturk-requester":     "mechanicalturk",
	"tagging":             "tag",
}

// unmapped are the signing names of services that the Service Authorization Reference no longer has, with the reason. None of their operations
// can be decided.
var unmapped = map[string]string{
	"application-cost-profiler": "AWS ended the service in September 2024",
	"elastic-inference":         "AWS ended the service in April 2024",
	"iot1click":                 "AWS ended the service in December 2024",
	"iotthingsgraph":            "AWS ended the service in December 2022",
}

// prefixOf is the prefix of the actions of a service, by the name in its requests' credential scope.
func prefixOf(signingName string) string {
	if prefix, known := prefixes[signingName]; known {
		return prefix
	}
	return signingName
}

// eventSources are the sources of CloudTrail's events that are not the endpoint's name
// (AWS CloudTrail User Guide, "CloudTrail supported services and integrations", and the services' own guides).
var eventSources = map[string]string{
	"appstream2":              "appstream",
	"awsssoportal":            "sso",
	"cloudcontrolapi":         "cloudcontrolapi",
	"email":                   "ses",
	"entitlement.marketplace": "entitlement-marketplace",
	"metering.marketplace":    "metering-marketplace",
	"models.lex":              "lex",
	"mturk-requester":         "mturk-requester",
	"portal.sso":              "sso",
	"runtime.lex":             "runtime-lex",
	"streams.dynamodb":        "dynamodb",
}

// eventSourceOf is the source of a service's events in CloudTrail, by the name of its endpoint.
func eventSourceOf(endpointPrefix string) string {
	name, known := eventSources[endpointPrefix]
	if !known {
		name = endpointPrefix
	}
	return name + ".amazonaws.com"
}
