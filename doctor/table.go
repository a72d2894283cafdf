package doctor

// Diagnosis is one way in which IRSA goes wrong. IDs are stable; a warning carries one.
type Diagnosis struct {
	ID    string // a letter for the group and two digits
	Title string
	Cause string // why it comes about
}

// Diagnoses are all that are known, by group: P providers, T trust policies, A annotations, W injection and pods, K tokens, N SDKs and networks,
// D calls denied afterwards, S trust that reaches too far, U what is unused or unclean. Advise finds those of them that a preflight can tell.
func Diagnoses() []Diagnosis {
	var all []Diagnosis
	for _, group := range [][]Diagnosis{providers(), trusts(), annotations(), injections(), tokens(), clients(), denials(), reach(), hygiene()} {
		all = append(all, group...)
	}
	return all
}

func providers() []Diagnosis {
	return []Diagnosis{
		{"P01", "no provider", "The issuer was never registered in the account."},
		{"P02", "provider of an earlier cluster", "The cluster was made anew and has another issuer than the provider."},
		{"P03", "provider in another account", "The provider is registered in one account and the role is in another."},
		{"P04", "provider's URL misspelt", "The provider's URL differs from the issuer by a slip: region, slash, case of the id."},
		{"P05", "client id missing", "The provider's client ids lack sts.amazonaws.com, or have it misspelt."},
		{"P06", "custom audience not registered", "The audience of the service account's annotation is no client id of the provider."},
		{"P07", "thumbprint does not match", "A leaf certificate was pinned, or the issuer's certificate has changed."},
		{"P08", "published keys are stale", "The key that signs tokens is not among those that the issuer's documents show."},
		{"P09", "another issuer signs", "kube-apiserver signs as another issuer than the provider's, often the first of several."},
		{"P10", "too many providers", "The account has as many providers as its quota allows."},
		{"P11", "provider of a cluster that is gone", "Nobody deleted the provider with its cluster, and roles trust it still."},
		{"P12", "issuer's URL is up for grabs", "The host or bucket behind the issuer is gone: whoever takes its name makes tokens."},
		{"P13", "one issuer, two clusters", "Clusters share an issuer string, so that the subjects of one are those of the other."},
	}
}

func trusts() []Diagnosis {
	return []Diagnosis{
		{"T01", "another service account", "The trust policy names another service account of the namespace."},
		{"T02", "another namespace", "The trust policy names the service account in another namespace."},
		{"T03", "wildcard taken literally", "StringEquals compares * and ? as characters."},
		{"T04", "https:// in a condition key", "Condition keys name the issuer without its scheme."},
		{"T05", "https:// in the provider's ARN", "ARNs of providers name the issuer without its scheme."},
		{"T06", "condition keys of another issuer", "The condition names an earlier cluster's issuer, another region's or another cluster's."},
		{"T07", "another provider is trusted", "The principal is the provider of another cluster."},
		{"T08", "provider of another account", "The principal's account is not the one that holds role and provider."},
		{"T09", "another partition", "An ARN is of aws where aws-cn or aws-us-gov is meant, or the reverse."},
		{"T10", "audience does not match", "The condition on the audience has another value than the token."},
		{"T11", "subject and audience swapped", "A subject stands under :aud, or an audience under :sub."},
		{"T12", "two operators meant as alternatives", "All operators on a key must hold; they are no alternatives."},
		{"T13", "two issuers in one statement", "Conditions on the claims of two issuers can never hold together."},
		{"T14", "sts:AssumeRole in place of sts:AssumeRoleWithWebIdentity", "Web identities have an action of their own."},
		{"T15", "principal is not federated", "The statement names an account or a service where it should name the provider."},
		{"T16", "subject misspelt", "The value does not have the form system:serviceaccount:NAMESPACE:NAME."},
		{"T17", "template not filled in", "A placeholder was left in the trust policy."},
		{"T18", "condition that never holds", "No exchange of a web identity has the condition's key."},
		{"T19", "explicit deny", "A Deny statement of the trust policy matches."},
		{"T20", "role does not exist", "It was deleted, renamed or never made; STS does not say so."},
		{"T21", "not known everywhere yet", "IAM takes some seconds until a new role, provider or policy counts."},
		{"T22", "denied by a resource control policy", "The organization lets only listed issuers in."},
		{"T23", "denied by an endpoint's policy", "The policy of the VPC endpoint for STS does not allow the exchange."},
		{"T24", "member given twice", "Most readers of JSON keep the last of two members with one name and drop the first."},
		{"T25", "trust policy at its length limit", "A tool could not add a subject and dropped or failed it."},
		{"T26", "generated name changed", "The service account has a new generated suffix with each release."},
	}
}

func annotations() []Diagnosis {
	return []Diagnosis{
		{"A01", "annotation missing", "The service account names no role."},
		{"A02", "annotation misspelt or misplaced", "The key is misspelt, of another tool, or on the pod."},
		{"A03", "not a role's ARN", "The annotation's value is no ARN of a role."},
		{"A04", "wrong account", "The ARN names another account than the role's."},
		{"A05", "role's path wrong", "The ARN lacks the role's path, or has one too many."},
		{"A06", "annotated after the pod began", "The pod was admitted before its account had the annotation."},
		{"A07", "pod uses another account", "The pod names no service account, or another one."},
		{"A08", "account in another namespace", "Service accounts serve pods of their own namespace only."},
		{"A09", "two roles wanted", "A service account has one role."},
		{"A10", "annotation taken away again", "A deployment tool owns the object and removes what it does not know."},
		{"A11", "dead annotation", "The role that is named does not accept the account."},
		{"A12", "trusted without annotation", "A role accepts an account that names no role: it may assume it nevertheless."},
		{"A13", "custom audience and trust differ", "The trust policy asks for another audience than the account's annotation."},
		{"A14", "expiry not as annotated", "The value does not parse, is below 600 or above the API server's limit."},
	}
}

func injections() []Diagnosis {
	return []Diagnosis{
		{"W01", "not injected", "The webhook was absent or failing, and its failures are ignored."},
		{"W02", "first pods not injected", "The account was too new for the webhook's cache."},
		{"W03", "container left out", "An annotation of the pod leaves the container out."},
		{"W04", "pod left out", "A label of the pod leaves it out."},
		{"W05", "environment set by hand", "One of the variables was in the spec, so that none was injected."},
		{"W06", "volume's name taken", "The pod has a volume aws-iam-token of its own."},
		{"W07", "pod that no webhook sees", "Static pods and ephemeral containers are not admitted by it."},
		{"W08", "Windows not recognised", "The pod says so by affinity only, and got the other system's paths."},
		{"W09", "fields lost", "A webhook older than the cluster dropped fields that it did not know."},
		{"W10", "Pod Identity and IRSA at once", "An association and an annotation are both there."},
		{"W11", "two sources of credentials", "The SDK's order decides which of them is used."},
		{"W12", "token not readable", "The container's user may not read the token file."},
		{"W13", "token read once", "The program keeps the first token, or reads another path."},
		{"W14", "token mounted by subPath", "Such a mount never sees the renewed token."},
		{"W15", "automountServiceAccountToken", "No cause: the token for AWS is mounted by a volume of its own."},
		{"W16", "an interceptor of instance metadata", "kube2iam or kiam answers in place of the node."},
		{"W17", "pod on the host's network", "It reaches the node's role when its own credentials fail."},
	}
}

func tokens() []Diagnosis {
	return []Diagnosis{
		{"K01", "token expired", "The kubelet renews it no more, or the process keeps an old one."},
		{"K02", "clocks apart", "The token is from the future or too old by STS's clock."},
		{"K03", "the wrong token", "The program sends the token for the API server."},
		{"K04", "token broken", "The file holds something else, half of it or two of them."},
		{"K05", "token of an account that is gone", "The account was deleted and made anew; its old token goes on until it expires."},
		{"K06", "token too long or too short", "STS takes 4 to 20000 characters."},
		{"K07", "several audiences", "A token for AWS has one audience."},
	}
}
