// Package oidc publishes an OpenID Connect issuer and verifies the tokens of registered providers.
//
// An [Issuer] signs tokens with the claims of Kubernetes' projected service account tokens and serves the two public documents that
// kube-apiserver serves. A [Verifier] says whether a token was issued by a [Provider] for one of its client ids, and keeps the keys that
// this takes: given inline with the provider, resolved in process, or fetched from the issuer through a fence.
//
// The order of a verification is part of the contract: shape and algorithm, required claims, issuer, times, audience, and only then keys.
// A token that fails before its signature is looked at costs no fetch and touches no key.
//
// What this package does not own: which providers exist (iam), what a trust policy says about the claims (policy) and which of AWS's
// answers a refusal becomes (sts).
package oidc
