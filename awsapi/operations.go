package awsapi

import (
	"context"
	"maps"

	"github.com/openirsa/openirsa/iam"
)

// queryOperations is the table of Query calls by Action. IAM's and STS's names never collide.
func queryOperations(c Config) map[string]operation {
	table := map[string]operation{}
	for _, part := range []map[string]operation{
		stsOperations(c.STS, c.Inquiries), roleOperations(c.Directory), userOperations(c.Directory), groupOperations(c.Directory),
		identityOperations(c.Directory), policyOperations(c.Directory), profileOperations(c.Directory), providerOperations(c.Directory),
		accountOperations(c.Directory), absentOperations(c.Directory), simulatorOperations(c.Directory),
	} {
		maps.Copy(table, part)
	}
	return named(table)
}

// named gives each operation its name, which the trail uses.
func named(table map[string]operation) map[string]operation {
	for name, op := range maps.Clone(table) {
		op.name = name
		table[name] = op
	}
	return table
}

// query joins a decoder, a call and an encoder into an operation of IAM. All decoding, with finish's verdict on it, happens
// before the call, so that none can begin with half of its parameters.
func query[In, Out any](decode func(*form) In, do func(context.Context, iam.Caller, In) (Out, error), encode func(Out) any) operation {
	return operation{service: "iam", bind: func(q *request) (call, error) {
		in := decode(q.form)
		return func(ctx context.Context, caller iam.Caller) (any, error) {
			out, err := do(ctx, caller, in)
			if err != nil {
				return nil, err
			}
			return encode(out), nil
		}, q.form.finish()
	}}
}

// change is query for the calls whose answer has no result element.
func change[In any](decode func(*form) In, do func(context.Context, iam.Caller, In) error) operation {
	return query(decode, nothingFrom(do), func(struct{}) any { return nil })
}

// nothingFrom gives a call without a result an empty one.
func nothingFrom[In any](do func(context.Context, iam.Caller, In) error) func(context.Context, iam.Caller, In) (struct{}, error) {
	return func(ctx context.Context, caller iam.Caller, in In) (struct{}, error) {
		return struct{}{}, do(ctx, caller, in)
	}
}

// encodeEmpty writes an empty result element, where AWS's model has an output shape without members.
func encodeEmpty(nothing struct{}) any { return nothing }

// of makes an operation of IAM one of another service.
func (o operation) of(service string) operation {
	o.service = service
	return o
}

// decodePaging reads what all list calls share (IAM API reference, "Marker" and "MaxItems").
func decodePaging(f *form) iam.Paging {
	return iam.Paging{Marker: f.text("Marker"), MaxItems: f.integer("MaxItems")}
}
