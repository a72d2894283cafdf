// Package policy is the IAM policy engine: it owns ARNs, policy documents and decisions.
//
// A document is parsed (Parse: JSON and the grammar, every element with its position), compiled (Compile: an immutable
// program for one kind of policy, indexed by action and resource) and then decides requests (Policies.Decide), as often
// and from as many goroutines as needed and, when the answer is yes, without allocating. What it cannot understand (an
// element, an operator, a version, an operand, a malformed variable) does not compile; it is never skipped. A Decision
// says which statements decided and, of an implicit denial, which came nearest and what in it failed. Simulator answers
// whole cases from text.
//
// Documents may come from anyone: to read and compile one takes time and memory in proportion to its size, and a decision takes at
// most MaxWork steps.
//
// The package is pure: no clock, no network, no log, no randomness. Which policies apply to whom, and what the
// request's condition keys are, is for its callers to know; quotas on documents are the directory's.
//
// # Where AWS's documents are silent
//
// The rules are those of the IAM User Guide; comments name its pages. Where it leaves something open, the choice is the
// one that grants less, or refuses the document:
//
//   - Element and operator names, Effect and versions are compared with case; so are ARNs and condition values.
//     Actions and condition keys are not.
//   - A name that occurs twice in a JSON object is an error. JSON parsers differ in which one they take.
//   - An operand that does not parse as its operator's type is an error. A request value that does not parse satisfies
//     neither the operator nor its negated form. Numbers are decimal, of any length, without exponent, and compared
//     exactly; dates are those of the W3C's profile of ISO 8601 or epoch seconds, and four digits are a year.
//   - An operator with an empty list of operands matches nothing; negated, everything.
//   - Null takes neither IfExists nor a set operator. A key whose list is empty counts as absent. So does, for Null as for set
//     operators, one whose value is the empty string, or whose values all are.
//   - A short resource pattern such as arn:aws:s3:* must end in *, which then stands for all the missing parts; an Arn
//     operand needs all six.
//   - Of a request that may be about any of several resources, an Allow must match them all by one of its resources, and a Deny may match any. A * that
//     runs on over colons does not do so over colons that the request's own wildcards could stand for.
//   - * and ? are wildcards for whole characters, not bytes.
//   - An IPv4 address that is written as IPv6 (::ffff:10.0.0.1) is that IPv4 address. Else the families never match
//     each other.
//   - A well-formed variable without a value makes its resource or operand match nothing, so that negated operators
//     and NotResource hold. Multivalued keys have no value as variables, and keys whose value is the empty string have
//     none either. Values and defaults are literal text.
//   - Principal "*" and {"AWS": "*"} name every caller: services, web identities and anonymous ones too. An account
//     names only callers with credentials of that account.
//   - NotPrincipal spares the callers that it names. An account beside users or roles of it, and a role beside
//     sessions of it, are only there because AWS asks for them, and spare nobody else.
//   - sts:AssumeRole and its like need a trust policy that allows, and requests about a KMS key a key policy that does;
//     without one they are denied. Across accounts so is everything that no policy of the resource allows.
//   - Policies of its own that are given for a caller who can have none (a service, a web identity, an anonymous one) allow
//     nothing; a Deny in them counts.
//   - A canonical user id names an account that is not known here: with Allow it names nobody, with NotPrincipal it spares
//     nobody, and a Deny for one does not compile.
//   - A federated user without a session policy has what a resource's policy gives it by its own ARN, and nothing else.
//   - Resource control policies only deny, since RCPFullAWSAccess stands beside them at every level, whether it is given or
//     not. Service control policies have no such policy beside them: a level that allows nothing denies everything.
//   - A service-linked role is known by its path, /aws-service-role/, which a session's ARN does not hold: such a session
//     is bound by the organization's policies unless Principal.RoleARN says more.
//   - A VPC endpoint's policy must allow whoever calls, and it is enough that it names the caller's account.
package policy
