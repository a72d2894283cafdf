// Package compare answers set questions about policies: whether two documents grant the same requests and, if not, which requests one grants
// and the other does not (Diff); and what a user or role may do with all its policies (Can).
//
// It owns the search and its proof. What a single request is decided to be stays with package policy: every request that this package names as a
// difference has been decided by policy.Policies.Decide under both documents, and the search itself asks that engine for the truth of every
// condition and principal that it can. Reading files, fetching accounts and printing for people are its callers' work.
//
// # How it decides
//
// A document is a function from requests to decisions. The requests are those that `irsa simulate` takes: any action service:Name, any ARN of six
// parts or "*" as the resource, and for every condition key no value, one value or a list of values. Two documents grant the same if they allow
// the same requests. Requests are infinitely many, and the search covers them in finitely many cells in which neither document can tell requests
// apart:
//
//   - Actions and resources: all patterns of both documents run side by side as one automaton over characters, of which only those that a pattern
//     names are told apart. Each set of patterns that some text matches at once is a cell, and the shortest such text stands for it.
//   - A condition key: the same automaton over the texts, ARNs, booleans and binaries that it is compared with; every threshold of numbers and dates
//     and what lies between; the borders of every address range; no value at all; and lists, whose cells are the unions of those of single values.
//   - Principals of trust policies: everyone who is named, and strangers of each kind in each account and partition that is named.
//
// Conditions are atoms that are true or false of a cell. For each Allow statement of one document the search looks for a cell in which it and nothing
// that denies holds, and in which nothing of the other allows, or something of it denies.
//
// # Exact, and not proven
//
// Without variables the answer is exact in both directions. A variable is a symbol that stands for any text: a pattern certainly matches
// where the symbol meets itself or a *, and possibly where the symbol's text might do it. What cannot match under the second reading is proven
// not to; where a difference rests on the second alone and no text makes it true, the answer is "not proven", as it is when a key is compared both as
// text and as a number, date or address in a way that no value shows, and when the documents need more steps than the budget has. "Same" is never
// said then.
package compare
