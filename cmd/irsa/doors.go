package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/openirsa/openirsa/awsmodel"
	"github.com/openirsa/openirsa/gateway"
	"github.com/openirsa/openirsa/services"
	"github.com/openirsa/openirsa/sts"
)

// classifier is what awsmodel knows, as the gateway asks for it.
type classifier struct {
	*awsmodel.Classifier
	models *awsmodel.Models
}

// Services implements gateway.Classifier.
func (c classifier) Services(signingName string) []*awsmodel.Service {
	return c.models.ByName(signingName)
}

// gatewayConfig joins the gateway's parts.
func (p *plane) gatewayConfig(c planeConfig, exchange *sts.Service) (gateway.Config, error) {
	config := gateway.Config{Authenticate: exchange, Trail: p.trail, Origin: originOf, Authorization: authorizationOf,
		S3: p.objects, Partition: p.settings.Partition, AccountHeader: services.AccountHeader, Logger: c.Logger, Directory: p.directory, Policies: p.directory, Roles: p.directory,
		S3Domains: p.gateway.domains, Now: p.now}
	models, err := awsmodel.NewModels()
	if err != nil {
		return config, fmt.Errorf("opening the services' models: %w", err)
	}
	config.Classifier = classifier{awsmodel.NewClassifier(models, p.reference), models}
	if err := p.checkAttributes(); err != nil {
		return config, err
	}
	config.Attributes = gateway.Configured{ByARN: p.gateway.attributes, Otherwise: gateway.Learned{Records: p.directory}}
	if config.Services, err = p.openServices(models); err != nil {
		return config, err
	}
	return config, nil
}

// checkAttributes holds the condition keys of resources against the reference: a name that no policy can ask for is a mistake, and one that tells of a
// caller or a request must not come from a file.
func (p *plane) checkAttributes() error {
	for arn, resource := range p.gateway.attributes {
		for name, values := range resource.Keys {
			entry, known := p.reference.Key(name)
			reason := ""
			switch {
			case strings.Contains(strings.ToLower(name), "resourcetag/"):
				reason = "is given by a tag"
			case !known || strings.HasPrefix(strings.ToLower(name), "aws:") || strings.Contains(entry.Name, "$"):
				reason = "is no condition key of a service's resources"
			case len(values) != 1 && !entry.List:
				reason = "has a single value"
			default:
				continue
			}
			return failure("GatewayFile", fmt.Errorf("reading the gateway file: attributes of %s: %q %s", arn, name, reason),
				"condition keys are those of the Service Authorization Reference: ec2:Vpc, rds:DatabaseEngine")
		}
	}
	return nil
}

// openServices makes the backends of the services: each that the file names, and of all others the one that it has for them.
func (p *plane) openServices(models *awsmodel.Models) (map[string]gateway.ServiceConfig, error) {
	open := map[string]gateway.ServiceConfig{}
	for name, backend := range p.gateway.services {
		if name != everyOther && name != "s3" && len(models.ByName(name)) == 0 {
			return nil, failure("GatewayFile", fmt.Errorf("reading the gateway file: no service has the signing name %q", name),
				"signing names are those in credential scopes: ec2, elasticloadbalancing, monitoring")
		}
		service := gateway.ServiceConfig{MaxBody: backend.maxBody, UnenforcedPolicies: backend.acceptsUnenforced}
		if backend.upstream.URL != "" {
			backend.upstream.Account = cmp.Or(backend.upstream.Account, p.settings.Account)
			upstream, err := gateway.NewUpstream(backend.upstream)
			if err != nil {
				return nil, fmt.Errorf("opening the backend of %s: %w", name, err)
			}
			p.upstreams, service.Upstream = append(p.upstreams, upstream), upstream
		}
		open[name] = service
	}
	other, ok := open[everyOther]
	if !ok {
		return open, nil
	}
	delete(open, everyOther)
	for _, service := range models.Services() {
		name := service.SigningName
		if own, named := open[name]; name == "s3" {
			continue // S3 has a door of its own, whose backend is named or embedded
		} else if !named {
			open[name] = other
		} else if own.Upstream == nil {
			own.Upstream, own.UnenforcedPolicies = other.Upstream, own.UnenforcedPolicies || other.UnenforcedPolicies
			open[name] = own
		}
	}
	return open, nil
}
