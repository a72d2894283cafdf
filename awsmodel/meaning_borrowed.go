package awsmodel

import (
	"strings"

	"github.com/openirsa/openirsa/policy"
)

// borrowed are the calls that a service makes with the caller's permissions on a secret, function or layer that its request names.
func (r *reader) borrowed() ([]Call, error) {
	switch name := r.prefix + ":" + r.operation.Name; {
	case r.prefix == "rds-data", r.prefix == "redshift-data":
		// Amazon Aurora User Guide, "Authorizing access to the Amazon RDS Data API", and Amazon Redshift Management Guide, "Authorizing access to the
		// Amazon Redshift Data API": the caller must be allowed to read the secret.
		return r.credentials()
	case name == "secretsmanager:RotateSecret" && r.text("RotationLambdaARN") != "":
		// AWS Secrets Manager API Reference, RotateSecret: "you must have lambda:InvokeFunction permissions on the function".
		return r.lent("lambda:InvokeFunction", "function", "FunctionName", r.text("RotationLambdaARN"), r.arn("lambda", "function:*"))
	case name == "lambda:CreateFunction", name == "lambda:UpdateFunctionConfiguration":
		return r.layers()
	}
	return nil, nil
}

// credentials are the calls for what the Data APIs log in to a database with.
func (r *reader) credentials() ([]Call, error) {
	id := r.text("secretArn") + r.text("SecretArn") + r.text("awsSecretStoreArn")
	if user := r.text("DbUser"); user != "" { // temporary credentials of that user
		call, err := r.on("redshift:GetClusterCredentials", "dbuser", r.arn("redshift", "dbuser:*"), true)
		if err != nil {
			return nil, err
		}
		if cluster := r.text("ClusterIdentifier"); component("DbUser", user) == nil && component("ClusterIdentifier", cluster) == nil &&
			!strings.ContainsAny(cluster+user, ":/") {
			call.Resource, call.AnyResource = r.arn("redshift", "dbuser:"+cluster+"/"+user), false
		}
		forward(&call)
		return []Call{call}, nil
	}
	if id == "" && (r.text("ClusterIdentifier") != "" || r.text("WorkgroupName") != "") {
		return nil, undecidable("redshift-data:"+r.operation.Name, vended) // it logs in as whoever calls
	}
	if id == "" {
		return nil, nil
	}
	return r.lent("secretsmanager:GetSecretValue", "Secret", "SecretId", id, r.arn("secretsmanager", "secret:*"))
}

// lent are the calls of an action that another service makes with the caller's permissions, on what a text names: as the action's own operation would
// read it in a member, or all that it may be.
func (r *reader) lent(action, kind, member, text, all string) ([]Call, error) {
	prefix, name, _ := strings.Cut(action, ":")
	entry, known := r.reference.Action(action)
	if !known {
		return nil, undecidable(action, noAction)
	}
	own := &Operation{Service: &Service{SigningName: prefix}, Name: name, Input: map[string]any{member: text}}
	one, err := newReader(r.reference, own, r.place)
	if err != nil {
		return nil, err
	}
	calls, err := one.bind(entry)
	if err != nil {
		call, err := r.on(action, kind, all, true)
		if err != nil {
			return nil, err
		}
		calls = []Call{call}
	}
	for i := range calls {
		forward(&calls[i])
	}
	return calls, nil
}

// forward notes that another service makes a call.
func forward(call *Call) {
	call.Forwarded = true
	call.Keys["aws:ViaAWSService"] = []string{"true"}
}

// layers are the versions of layers that a function gets: whoever adds one "must have permission to call the GetLayerVersion API operation on the layer
// version" (AWS Lambda Developer Guide, "Adding layers to functions"). What allows it in another account is the layer's policy there, which is not
// known here.
func (r *reader) layers() ([]Call, error) {
	layers := r.texts("Layers")
	if err := r.bounded(len(layers)); err != nil {
		return nil, err
	}
	var calls []Call
	for _, text := range layers {
		arn, err := policy.ParseARN(text)
		named := err == nil && arn.Service == "lambda" && policy.IsAccountID(arn.Account) && component("Layers", text) == nil
		if named && arn.Account != r.place.Account {
			continue
		}
		if !named {
			text = r.arn("lambda", "layer:*") // which one the service takes it for is not known
		}
		call, err := r.on("lambda:GetLayerVersion", "layerVersion", text, !named)
		if err != nil {
			return nil, err
		}
		call.Forwarded = true
		calls = append(calls, call)
	}
	return calls, nil
}
