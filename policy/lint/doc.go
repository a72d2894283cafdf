// Package lint finds what is wrong with a policy document before anybody depends on it: errors of the grammar, names that AWS does not have,
// conditions that never hold or always do, statements without effect, grants that are wider than they look.
//
// It owns the findings: their ids, severities and words. It does not decide requests (that is package policy) and knows no action of AWS:
// who has the Service Authorization Reference hands it over as a Reference. It is pure and looks at one document at a time, so that nothing that
// needs an account (whether a role exists, what a boundary takes away) is found here.
//
// The findings are at least those of IAM Access Analyzer's policy validation that need no live data (IAM User Guide, "IAM policy validation check
// reference"); docs/lint.md lists every one, with the checks of AWS's that are left out and why. Ids of a capital letter and two digits are those
// of the project's list of IRSA misconfigurations.
//
// Work is linear in the document but for comparisons of patterns with patterns, which have a budget: where it ends, the finding not-checked says so.
package lint
