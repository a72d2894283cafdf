// Package policy is the IAM policy engine: it owns ARNs, policy documents and decisions.
//
// A document is parsed (Parse: JSON and the grammar, every element with its position), compiled (Compile: an immutable
// program for one kind of policy, indexed by action and resource) and then decides requests (Policies.Decide), as often
// and from as many goroutines as needed and, when the answer is yes, without allocating. What it cannot understand (an
// element, an operator, a version, an operand, a malformed variable) does not compile; it is never skipped. A Decision says which
// statements decided and, of an implicit denial, which came nearest and what in it failed.
//
// The package is pure: no clock, no network, no log, no randomness. Which policies apply to whom, and what the request's
// condition keys are, is for its callers to know; quotas on documents are the directory's.
package policy
