package iam

import (
	"errors"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// policyRules are a service's rules for the policies of its resources, and how it answers for them. Codes and sentences are those of each service's API
// reference, as far as they are documented, and of public error reports.
type policyRules struct {
	size      int                    // of a document, in bytes
	tooLarge  func(size int) *Error  // of one that is larger
	malformed string                 // code of one that is not accepted
	sentence  func(err error) string // what is said of it, of an *policy.Error or a principal that does not exist
	missing   func(arn string) error // of none
	// deletesOnlyWhatIs: there must be a policy to be deleted.
	deletesOnlyWhatIs bool
	// foreign is what callers of other accounts are told, whatever policies allow; nil: nothing, they may.
	foreign func(caller Caller, in ResourcePolicyInput) *Error
	// begins is the rule for a document's first byte, elements are those for what stands in it: they come before all complaints but those about its
	// form and its principals.
	begins   func(source string) *Error
	elements func(tx *draft, arn string, document *policy.Document) *Error
	// more are the service's own rules for a document that compiles otherwise.
	more func(tx *draft, caller Caller, in ResourcePolicyInput, document *policy.Document) *Error
}

// rulesOf are those of the service that an ARN names.
func rulesOf(arn string) policyRules {
	switch arnPart(arn, 2) {
	case "s3":
		return bucketRules()
	case "kms":
		return keyRules()
	case "secretsmanager":
		return secretRules()
	case "sqs":
		return queueRules()
	case "sns":
		return topicRules()
	case "ecr":
		return repositoryRules()
	case "lambda":
		return functionRules()
	case "elasticfilesystem":
		return fileSystemRules()
	case "dynamodb":
		return tableRules()
	case "events":
		return busRules()
	case "logs":
		return logRules()
	}
	return otherRules()
}

// invalidPrincipal is what is wrong with a document that names a user or role that is not there.
type invalidPrincipal struct{ name policy.PrincipalName }

func (e *invalidPrincipal) Error() string {
	return e.name.Position.String() + ": there is no such user or role on this plane: " + e.name.Value
}

// namesNobody tells whether err is about a principal.
func namesNobody(err error) bool {
	if _, ok := errors.AsType[*invalidPrincipal](err); ok {
		return true
	}
	complaint, ok := errors.AsType[*policy.Error](err)
	return ok && strings.HasPrefix(complaint.Sentence(policy.Resource), "Invalid principal in policy")
}

// sentenceOf is the sentence of the validator that reads trust policies and those of resources.
func sentenceOf(err error) string {
	if complaint, ok := errors.AsType[*policy.Error](err); ok {
		return complaint.Sentence(policy.Trust)
	}
	return "Syntax error in policy."
}

// saying is a sentence for documents that name somebody who is not there, and one for every other that is wrong.
func saying(principal, other string) func(error) string {
	return func(err error) string {
		if namesNobody(err) {
			return principal
		}
		return other
	}
}

func limit(code, format string) func(int) *Error {
	return func(size int) *Error {
		if strings.Contains(format, "%d") {
			return refusef(code, format, size)
		}
		return refusef(code, "%s", format)
	}
}

func none(code, format string) func(string) error {
	return func(arn string) error {
		if !strings.Contains(format, "%s") {
			return refusef(code, "%s", format)
		}
		return refusef(code, format, arn[strings.LastIndexAny(arn, ":/")+1:])
	}
}

// nothing answers a question for a policy that is not there with an empty document.
func nothing(string) error { return nil }

// ownAccount denies callers of other accounts.
func ownAccount(caller Caller, in ResourcePolicyInput) *Error {
	return Denied(caller, in.Action, in.Resource, policy.Decision{})
}

// keyRules: AWS KMS API Reference, PutKeyPolicy; its quota is a resource quota of the Developer Guide. The two sentences are those of error reports.
func keyRules() policyRules {
	return policyRules{
		size: 32 << 10, tooLarge: limit("LimitExceededException", "The key policy is larger than 32768 bytes."),
		malformed: "MalformedPolicyDocumentException", sentence: func(err error) string {
			if namesNobody(err) {
				return "Policy contains a statement with one or more invalid principals."
			}
			return sentenceOf(err)
		},
		missing: nothing, foreign: ownAccount, more: checkLockout,
	}
}

// checkLockout asks that a key's policy lets its caller put another one.
func checkLockout(tx *draft, caller Caller, in ResourcePolicyInput, document *policy.Document) *Error {
	if in.BypassLockoutCheck {
		return nil
	}
	p, err := policy.Compile("the new policy", document, resourceOptions(nil))
	if err != nil {
		return failure(err)
	}
	again := in.Access
	again.Action, again.Resource, again.WildcardOnly, again.Account, again.Policy = "kms:PutKeyPolicy", in.held(), false, tx.id, p
	if caller.Decide(again).Allowed() {
		return nil
	}
	return refusef("MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.")
}

// secretRules: AWS Secrets Manager API Reference, PutResourcePolicy and GetResourcePolicy.
func secretRules() policyRules {
	return policyRules{
		size: 20480, tooLarge: limit("InvalidParameterException", "The resource policy is longer than 20480 characters."),
		malformed: "MalformedPolicyDocumentException", missing: nothing,
		sentence: saying("This resource policy contains an unsupported principal.", "This resource policy contains a syntax error."),
		more: func(_ *draft, _ Caller, in ResourcePolicyInput, document *policy.Document) *Error {
			if in.BlockPublic && grantsPublicly(document) {
				return refusef("PublicPolicyException", "This resource policy grants broad access to this secret, and BlockPublicPolicy is set.")
			}
			return nil
		},
	}
}

// queueRules: Amazon SQS Developer Guide, "Custom Amazon SQS access policy"; SetQueueAttributes "cross-account permissions don't apply".
func queueRules() policyRules {
	return policyRules{
		size: 20 << 10, tooLarge: limit("OverLimit", "The policy is larger than 20480 bytes."),
		malformed: "InvalidAttributeValue", sentence: saying("Invalid value for the parameter Policy.", "Invalid value for the parameter Policy."),
		missing: nothing, foreign: ownAccount,
	}
}

// topicRules: Amazon SNS, SetTopicAttributes; a topic's policy has at most 30 KB.
func topicRules() policyRules {
	return policyRules{
		size: 30 << 10, tooLarge: limit("InvalidParameter", "Invalid parameter: Policy too large"),
		malformed: "InvalidParameter", sentence: saying("Invalid parameter: Policy Error: PrincipalNotFound", "Invalid parameter: Policy failed to parse"),
		missing: nothing,
	}
}

// repositoryRules: Amazon ECR API Reference, SetRepositoryPolicy and GetRepositoryPolicy.
func repositoryRules() policyRules {
	const invalid = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
	return policyRules{
		size: 10240, tooLarge: limit("InvalidParameterException", "Invalid parameter at 'policyText' failed to satisfy constraint: 'must have length less than or equal to 10240'"),
		malformed: "InvalidParameterException", sentence: saying(invalid, invalid),
		missing:           none("RepositoryPolicyNotFoundException", "Repository policy does not exist for the repository with name '%s'"),
		deletesOnlyWhatIs: true,
	}
}

// functionRules: AWS Lambda API Reference, AddPermission and GetPolicy.
func functionRules() policyRules {
	return policyRules{
		size: 20480, tooLarge: limit("PolicyLengthExceededException", "The final policy size (%d) is bigger than the limit (20480)."),
		malformed: "InvalidParameterValueException", sentence: saying("The provided principal was invalid. Please check the principal and try again.", "The policy is not valid."),
		missing: none("ResourceNotFoundException", "The resource you requested does not exist."), deletesOnlyWhatIs: true,
	}
}

// fileSystemRules: Amazon EFS API Reference, PutFileSystemPolicy and DescribeFileSystemPolicy.
func fileSystemRules() policyRules {
	return policyRules{
		size: 20000, tooLarge: limit("InvalidPolicyException", "The file system policy is longer than 20000 characters."),
		malformed: "InvalidPolicyException", sentence: saying("Policy contains invalid Principal block.", "The file system policy is not valid."),
		missing: none("PolicyNotFound", "The file system %s has no policy."),
	}
}

// tableRules: Amazon DynamoDB API Reference, PutResourcePolicy and GetResourcePolicy.
func tableRules() policyRules {
	return policyRules{
		size: 20 << 10, tooLarge: limit("ValidationException", "The policy is larger than 20480 bytes."),
		malformed: "ValidationException", sentence: func(err error) string { return "Policy validation failed: " + sentenceOf(err) },
		missing: none("PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn"),
	}
}

// busRules: Amazon EventBridge API Reference, PutPermission.
func busRules() policyRules {
	return policyRules{
		size: 10240, tooLarge: limit("PolicyLengthExceededException", "The policy is larger than 10240 bytes."),
		malformed: "ValidationException", sentence: sentenceOf, missing: none("ResourceNotFoundException", "EventBus does not have a policy."), deletesOnlyWhatIs: true,
	}
}

// logRules: Amazon CloudWatch Logs API Reference, PutResourcePolicy.
func logRules() policyRules {
	return policyRules{
		size: 5120, tooLarge: limit("LimitExceededException", "Resource limit exceeded."),
		malformed: "InvalidParameterException", sentence: sentenceOf, missing: none("ResourceNotFoundException", "Policy with name [%s] does not exist."),
		deletesOnlyWhatIs: true,
	}
}

// otherRules are for services whose own are not known here: the narrowest limit but for the repositories' and logs', and IAM's code.
func otherRules() policyRules {
	return policyRules{
		size: 20000, tooLarge: limit("LimitExceeded", "The policy is longer than 20000 characters."),
		malformed: "MalformedPolicyDocument", sentence: sentenceOf, missing: none("NoSuchEntity", "The resource %s has no policy."),
	}
}

// checkForeign refuses callers of other accounts where the service does.
func (r policyRules) checkForeign(a *Account, caller Caller, in ResourcePolicyInput) error {
	if r.foreign != nil && caller.Principal.Account != a.id {
		return r.foreign(caller, in)
	}
	return nil
}

// checkPut holds a document that is to be put against all rules.
func (tx *draft) checkPut(caller Caller, in ResourcePolicyInput) (principalIDs map[string]string, err error) {
	rules := rulesOf(in.held())
	if err := rules.checkForeign(tx.Account, caller, in); err != nil {
		return nil, err
	}
	document, principalIDs, err := tx.readResourcePolicy(rules, in.held(), in.Document)
	if err != nil || rules.more == nil {
		return principalIDs, err
	}
	if refusal := rules.more(tx, caller, in, document); refusal != nil {
		return nil, refusal
	}
	return principalIDs, nil
}

// checkResourcePolicy reads a document that comes with the resource itself, and resolves the users and roles that it names.
func (tx *draft) checkResourcePolicy(arn, source string) (principalIDs map[string]string, err error) {
	_, principalIDs, err = tx.readResourcePolicy(rulesOf(arn), arn, source)
	return principalIDs, err
}

func (tx *draft) readResourcePolicy(rules policyRules, arn, source string) (*policy.Document, map[string]string, error) {
	if len(source) > rules.size {
		return nil, nil, rules.tooLarge(len(source))
	}
	if rules.begins != nil {
		if refusal := rules.begins(source); refusal != nil {
			return nil, nil, refusal
		}
	}
	wrong := func(err error) error { return &Error{Code: rules.malformed, Message: rules.sentence(err), Err: err} }
	document, err := policy.Parse([]byte(source))
	if err == nil && document.Len() == 0 {
		err = errNoStatement()
	}
	if err != nil {
		return nil, nil, wrong(err)
	}
	principalIDs, err := tx.principalIDs(document)
	if _, ok := errors.AsType[*invalidPrincipal](err); err != nil && !ok {
		return nil, nil, err
	}
	if err == nil {
		_, err = policy.Compile("policy of "+arn, document, resourceOptions(principalIDs))
	}
	if rules.elements != nil && (err == nil || !namesNobody(err)) {
		if refusal := rules.elements(tx, arn, document); refusal != nil {
			return nil, nil, refusal
		}
	}
	if err != nil {
		return nil, nil, wrong(err)
	}
	return document, principalIDs, nil
}

// principalIDs resolves the users and roles that a document names.
func (tx *draft) principalIDs(document *policy.Document) (map[string]string, error) {
	principalIDs := map[string]string{}
	for _, name := range document.Principals() {
		id, err := tx.directory.principalID(tx.ctx, tx.Account, name.Value)
		if err != nil {
			return nil, err
		}
		if id == "" {
			return nil, &invalidPrincipal{name}
		}
		principalIDs[name.Value] = id
	}
	return principalIDs, nil
}

// errNoStatement complains about a document that is empty, which no service saves.
func errNoStatement() error {
	return &policy.Error{Position: policy.Position{Line: 1, Column: 1}, Message: "the document has no statement",
		AWS: "Could not parse the policy: Statement is empty!"}
}
