package awsmodel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// maxCalls is how many actions on resources one request may mean: more than any of AWS's lists is long (1,000 instances, in one request).
const maxCalls = 4096

// maxTold is how many condition keys of tags the calls of one request may have together: 1,000 instances with the 50 tags that AWS allows.
const maxTold = 50_000

// Classifier finds out what a request means: which operation it is, and which actions on which resources must be allowed before it may run.
//
// The Service Authorization Reference says which resource types an action is about and how their ARNs look; the request says which they
// are. Where it does not say, or where this package cannot tell, a Call covers all that it may be (AnyResource). Tables by hand stand where the
// reference and the models differ; they name AWS's documents.
//
// What a service does with the caller's own permissions to the buckets and keys that a request names is among its Calls (see forwards). What is not in
// a request (everything for a CloudFormation stack without a role) is not: see unfit, the operations that are Undecidable for it. It is safe for
// concurrent use.
type Classifier struct {
	models    *Models
	reference *Reference
}

// NewClassifier makes a Classifier. It keeps what it is given.
func NewClassifier(models *Models, reference *Reference) *Classifier {
	return &Classifier{models: models, reference: reference}
}

// Classify reads a request of a service by the name in its credential scope, and says what it means. Errors are *Error.
func (c *Classifier) Classify(signingName string, r Request, place Place) (*Operation, error) {
	operation, err := c.models.Parse(signingName, r)
	if err != nil {
		return nil, err
	}
	if operation.Calls, err = c.calls(operation, place); err != nil {
		return nil, err
	}
	operation.ReadOnly = c.readOnly(operation.Calls)
	return operation, nil
}

// Multivalued tells whether a condition key holds a list of values, however many a request has for it (Service Authorization Reference, the types
// ArrayOf…).
func (c *Classifier) Multivalued(key string) bool {
	entry, known := c.reference.Key(key)
	return known && entry.List
}

// readOnly tells whether all that the calls do is to read (the access levels of the Service Authorization Reference).
func (c *Classifier) readOnly(calls []Call) bool {
	return !slices.ContainsFunc(calls, func(call Call) bool {
		entry, _ := c.reference.Action(call.Action)
		return entry.AccessLevel != "Read" && entry.AccessLevel != "List"
	})
}

// calls says what an operation means; it is the pure core of Classify. It never returns an empty list without an error.
func (c *Classifier) calls(o *Operation, place Place) ([]Call, error) {
	r, err := newReader(c.reference, o, place)
	if err != nil {
		return nil, err
	}
	name := r.prefix + ":" + o.Name
	reason := unfit[name]
	if reason == "" {
		reason = cmp.Or(unmapped[o.Service.SigningName], r.asCaller())
	}
	if reason != "" {
		return nil, undecidable(name, reason)
	}
	calls, err := r.meaning(name)
	if err != nil {
		return nil, err
	}
	taggings, err := r.taggings(calls)
	if err != nil {
		return nil, err
	}
	passes, err := r.passes()
	if err != nil {
		return nil, err
	}
	asked := slices.Concat(calls, taggings, passes, r.forwards(passes))
	return checked(name, place, append(asked, r.dependents(calls, asked, len(passes) > 0)...))
}

// meaning is what an operation means by itself: by the table of meanings, or by the action that has its name.
func (r *reader) meaning(name string) ([]Call, error) {
	if reader, known := meaningOf(name); known {
		return reader(r)
	}
	if names, known := actions[name]; known {
		name = names
	}
	var calls []Call
	for action := range strings.FieldsSeq(name) {
		entry, known := r.reference.Action(action)
		if !known {
			return nil, undecidable(action, "the Service Authorization Reference has no action for it")
		}
		bound, err := r.bind(entry)
		if err != nil {
			return nil, err
		}
		calls = append(calls, bound...)
	}
	return calls, nil
}

// checked is the last look at calls: whatever a table says, none may be about something that is not an ARN, or that is in another partition than the
// request, from which nothing can be reached (AWS General Reference, "Amazon Resource Names").
func checked(name string, place Place, calls []Call) ([]Call, error) {
	if len(calls) == 0 {
		return nil, undecidable(name, "nothing was found that has to be decided")
	}
	if len(calls) > maxCalls {
		return nil, tooMany(name)
	}
	for i, call := range calls {
		if call.Resource != "*" {
			calls[i].Resource = lowercase(call.Resource)
			arn, err := policy.ParseARN(call.Resource)
			if err != nil {
				return nil, undecidable(name, "what it is about has no ARN")
			}
			if arn.Partition != place.Partition {
				return nil, &Error{Kind: UnknownParameter, Message: "an ARN of another partition: " + excerpt(call.Resource)}
			}
		}
	}
	return calls, nil
}

// bounded refuses a request about more resources than can be decided on, before there is a call for each.
func (r *reader) bounded(resources int) error {
	if resources > maxCalls || resources*r.tags.count() > maxTold {
		return tooMany(r.prefix + ":" + r.operation.Name)
	}
	return nil
}

func tooMany(name string) *Error {
	return &Error{Kind: UnknownParameter, Message: fmt.Sprintf("%s: the request is about more than %d resources, or gives too many of them tags", name, maxCalls)}
}

func undecidable(name, reason string) *Error {
	return &Error{Kind: Undecidable, Message: fmt.Sprintf("%s cannot be decided here: %s", name, reason)}
}
