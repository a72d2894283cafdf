package awsmodel

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// namings read the values of members that name a resource otherwise than by the last part of its ARN, by "prefix:Part".
var namings = map[string]func(*binder, naming) (resourceName, error){
	"ecr:RepositoryName":                   (*binder).repository,
	"ecs:TaskDefinitionRevisionNumber":     (*binder).taskDefinition,
	"kms:Alias":                            (*binder).keyAlias,
	"kms:KeyId":                            (*binder).key,
	"lambda:FunctionName":                  (*binder).function,
	"logs:LogGroupName":                    (*binder).logGroup,
	"secretsmanager:SecretId":              (*binder).secret,
	"sqs:QueueName":                        (*binder).queue,
	"ssm:DocumentName":                     (*binder).document,
	"ssm:ParameterNameWithoutLeadingSlash": (*binder).parameter,
}

// readByNaming tells whether a text is in a member that a naming reads, which then knows ARNs too.
func (b *binder) readByNaming(leaf leaf) bool {
	if !leaf.top {
		return false
	}
	if b.naming == nil {
		b.naming = map[string]bool{}
		for i, use := range b.entry.ResourceTypes {
			for _, p := range b.patterns[i] {
				names := p.names()
				if len(names) == 0 || namings[b.prefix+":"+names[len(names)-1]] == nil {
					continue
				}
				for _, member := range b.candidates(use.Type, names[len(names)-1], true) {
					b.naming[member] = true
				}
			}
		}
	}
	return b.naming[leaf.member]
}

// ofPattern returns the value as an ARN if it is one; it must have the pattern's form then.
func (b *binder) ofPattern(n naming) (arn policy.ARN, is bool, err error) {
	if !strings.HasPrefix(n.text, "arn:") {
		return policy.ARN{}, false, nil
	}
	if arn, err = policy.ParseARN(n.text); err == nil && n.pattern.fits(arn) {
		return arn, true, nil
	}
	return arn, true, unnamed(n)
}

func unnamed(n naming) *Error {
	return &Error{Kind: UnknownParameter, Message: fmt.Sprintf("%s: %q does not name a resource that this is about", n.member, excerpt(n.text))}
}

// key reads what KMS calls a key's identifier (AWS KMS Developer Guide, "Key identifiers (KeyId)"). Which key an alias is of is not in the request:
// the key is decided on as whatever key, with kms:RequestAlias.
func (b *binder) key(n naming) (resourceName, error) {
	alias := n.text
	if strings.HasPrefix(n.text, "arn:") {
		arn, err := policy.ParseARN(n.text)
		if err != nil || arn.Service != "kms" {
			return resourceName{}, unnamed(n)
		}
		if n.pattern.fits(arn) {
			return resourceName{arn: n.text}, nil
		}
		alias = arn.Resource
		n.place = Place{Partition: arn.Partition, Region: arn.Region, Account: arn.Account}
	}
	if name, found := strings.CutPrefix(alias, "alias/"); found {
		if strings.Contains(name, ":") {
			return resourceName{}, unnamed(n)
		}
		arn, _ := n.pattern.fill(n.place, nil)
		return resourceName{arn, true}, nil
	}
	if strings.ContainsAny(n.text, ":/") {
		return resourceName{}, unnamed(n)
	}
	return b.whole(n, n.text), nil
}

// keyAlias reads an alias, whose name begins with alias/.
func (b *binder) keyAlias(n naming) (resourceName, error) {
	name, found := strings.CutPrefix(n.text, "alias/")
	if !found || strings.Contains(name, ":") {
		return resourceName{}, unnamed(n)
	}
	return b.whole(n, name), nil
}

// fullSecret is the end of a secret's ARN: AWS puts a hyphen and six letters or digits behind the name
// (AWS Secrets Manager User Guide, "Permissions policy examples").
var fullSecret = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)

// wordSecret is such an end that is more likely the last word of a name (db-secret): one in 200 of AWS's has small letters alone. An ARN without
// the end names the secret too, and could be taken for that of another one (secret:db-??????).
var wordSecret = regexp.MustCompile(`-[a-z]{6}$`)

// secret reads a secret's id: its ARN, or its name. The end that AWS gives to ARNs is not in a name; policies leave it open
// (secret:NAME-??????), and what covers every end of that name allows it.
func (b *binder) secret(n naming) (resourceName, error) {
	arn, is, err := b.ofPattern(n)
	switch {
	case err != nil:
		return resourceName{}, unnamed(n)
	case is && wordSecret.MatchString(arn.Resource):
		return resourceName{n.text + "*", true}, nil
	case is && fullSecret.MatchString(arn.Resource):
		return resourceName{arn: n.text}, nil
	case is:
		return resourceName{n.text + "-??????", true}, nil
	case strings.Contains(n.text, ":"):
		return resourceName{}, unnamed(n)
	}
	return resourceName{b.whole(n, n.text).arn + "-??????", true}, nil
}

// queue reads a queue's URL, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME on AWS and the same path elsewhere, or its name.
func (b *binder) queue(n naming) (resourceName, error) {
	account := b.text("QueueOwnerAWSAccountId")
	name := n.text
	if n.member == "QueueUrl" && strings.ContainsAny(name, ":/") {
		parts := queueURL.FindStringSubmatch(name)
		if parts == nil {
			return resourceName{}, unnamed(n)
		}
		account, name = parts[1], parts[2]
	}
	if account != "" {
		if !policy.IsAccountID(account) {
			return resourceName{}, unnamed(n)
		}
		n.place.Account = account
	}
	if !queueName.MatchString(name) {
		return resourceName{}, unnamed(n)
	}
	return b.whole(n, name), nil
}

// What does not have the forms below is not read: those who take a URL apart do not agree on it (a ";" ends a path for some, a "#" a URL).
var (
	// queueName is what a queue can be called (Amazon SQS API Reference, CreateQueue: letters, digits, hyphens, underscores, and .fifo).
	queueName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	queueURL  = regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]_-]+/([^/]*)/([^/]*)$`)
)

// function reads what Lambda calls a function's name: the name, ACCOUNT:function:NAME or the ARN, each with or without a version or alias, which
// Qualifier gives too. A qualified function is decided by its qualified ARN
// (AWS Lambda Developer Guide, "Granting function access to versions or aliases": an unqualified ARN in a policy does not match it).
func (b *binder) function(n naming) (resourceName, error) {
	text := n.text
	if strings.HasPrefix(text, "arn:") {
		arn, err := policy.ParseARN(text)
		if err != nil || arn.Service != "lambda" || !policy.IsAccountID(arn.Account) || !strings.HasPrefix(arn.Resource, "function:") {
			return resourceName{}, unnamed(n)
		}
		n.place = Place{Partition: arn.Partition, Region: arn.Region, Account: arn.Account}
		text = arn.Resource
	} else if account, rest, found := strings.Cut(text, ":function:"); found {
		if !policy.IsAccountID(account) {
			return resourceName{}, unnamed(n)
		}
		n.place.Account, text = account, rest
	}
	text = strings.TrimPrefix(text, "function:")
	name, qualifier, qualified := strings.Cut(text, ":")
	if given := b.text("Qualifier"); given != "" {
		if qualified && qualifier != given {
			return resourceName{}, unnamed(n)
		}
		if err := component("Qualifier", given); err != nil {
			return resourceName{}, err
		}
		qualifier, qualified = given, true
		b.note("Qualifier", given)
	}
	if name == "" || strings.ContainsAny(name, ":/") || strings.ContainsAny(qualifier, ":/") || qualified && qualifier == "" {
		return resourceName{}, unnamed(n)
	}
	if qualified {
		name += ":" + qualifier
	}
	return b.whole(n, name), nil
}

// logGroup reads a log group's name, or its ARN with or without the ":*" behind it. Policies write that at the end of a log group's ARN, but for
// the actions on its tags (Amazon CloudWatch Logs User Guide, "CloudWatch Logs resources and operations"); what AWS decides on, and its denials
// name, is the group's ARN with an empty log stream.
func (b *binder) logGroup(n naming) (resourceName, error) {
	name := n.text
	if strings.HasPrefix(name, "arn:") {
		arn, err := policy.ParseARN(strings.TrimSuffix(name, ":*"))
		if err != nil || !n.pattern.fits(arn) {
			return resourceName{}, unnamed(n)
		}
		n.place = Place{Partition: arn.Partition, Region: arn.Region, Account: arn.Account}
		name = strings.TrimPrefix(arn.Resource, "log-group:")
	}
	if strings.Contains(name, ":") {
		return resourceName{}, unnamed(n)
	}
	arn := b.whole(n, name).arn
	if b.entry.AccessLevel != "Tagging" && b.entry.Name != "logs:ListTagsForResource" {
		arn += ":log-stream:"
	}
	return resourceName{arn: arn}, nil
}

// repository reads a name that may have slashes, in the registry of another account where registryId says so.
func (b *binder) repository(n naming) (resourceName, error) {
	if account := b.text("registryId"); account != "" {
		if !policy.IsAccountID(account) {
			return resourceName{}, &Error{Kind: UnknownParameter, Message: "registryId: it is not an account"}
		}
		n.place.Account = account
	}
	if strings.HasPrefix(n.text, "arn:") {
		_, _, err := b.ofPattern(n)
		return resourceName{arn: n.text}, err
	}
	return b.slashedName(n)
}

// parameter reads a parameter's name with its first slash, its ARN, and a version or label behind either
// (AWS Systems Manager API Reference, GetParameter).
func (b *binder) parameter(n naming) (resourceName, error) {
	if strings.HasPrefix(n.text, "arn:") {
		arn, err := policy.ParseARN(n.text)
		if err != nil || arn.Service != "ssm" || !strings.HasPrefix(arn.Resource, "parameter/") {
			return resourceName{}, unnamed(n)
		}
		if arn.Resource, _, _ = strings.Cut(arn.Resource, ":"); strings.Contains(arn.Resource, "//") {
			return resourceName{}, unnamed(n)
		}
		return resourceName{arn: arn.String()}, nil
	}
	name, _, _ := strings.Cut(n.text, ":")
	if name = strings.TrimPrefix(name, "/"); n.member == "Path" {
		name = strings.TrimSuffix(name, "/")
		if name == "" { // the root: everything
			arn, _ := n.pattern.fill(n.place, nil)
			return resourceName{arn, true}, nil
		}
	}
	if name == "" || strings.HasPrefix(name, "/") || strings.Contains(name, "//") { // not a name, and another one to who tidies paths
		return resourceName{}, unnamed(n)
	}
	return b.whole(n, name), nil
}

// document reads a Systems Manager document's name. Amazon's own, whose names no others may begin with, are of no account
// (AWS Systems Manager User Guide, "Creating SSM document content": reserved prefixes).
func (b *binder) document(n naming) (resourceName, error) {
	if strings.HasPrefix(n.text, "arn:") {
		_, _, err := b.ofPattern(n)
		return resourceName{arn: n.text}, err
	}
	if strings.ContainsAny(n.text, ":/") {
		return resourceName{}, unnamed(n)
	}
	for _, reserved := range []string{"aws", "amazon", "amzn"} {
		if strings.HasPrefix(lower(n.text), reserved) {
			n.pattern.account = ""
		}
	}
	return b.whole(n, n.text), nil
}

// taskDefinition reads family:revision, an ARN, or a family, of which the latest revision is meant (Amazon ECS API Reference, RunTask).
func (b *binder) taskDefinition(n naming) (resourceName, error) {
	if strings.HasPrefix(n.text, "arn:") {
		_, _, err := b.ofPattern(n)
		return resourceName{arn: n.text}, err
	}
	family, revision, qualified := strings.Cut(n.text, ":")
	if family == "" || strings.ContainsAny(family, "/") || strings.ContainsAny(revision, ":/") || qualified && revision == "" {
		return resourceName{}, unnamed(n)
	}
	n.values = map[string]string{n.pattern.names()[0]: family}
	if qualified {
		return b.whole(n, revision), nil
	}
	arn, _ := n.pattern.fill(n.place, n.values)
	return resourceName{arn, true}, nil
}
