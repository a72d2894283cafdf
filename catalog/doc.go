// Package catalog knows the permissions that common Kubernetes workloads need on AWS.
//
// So far it holds the AWS managed policies that the roles of those workloads, of EKS clusters and of their nodes name, and a few
// that people who look after them are given, so that a plane can serve them under arn:PARTITION:iam::aws:policy/. Each is stated
// in a notation of this package, one file in managed/ for each policy: the facts of AWS's document (actions, resources,
// conditions, statement ids and their order) without its JSON. docs/decisions/0006-catalogue-form.md says why.
//
// The package is pure: everything is a value in and a value out. It does not keep, attach or evaluate policies.
//
// # The notation
//
//	# A comment is a line of its own.
//	version v6
//	path    /
//	created 2018-05-27
//	updated 2026-03-04
//	about   Tags for network interfaces.
//
//	allow TagInterfaces
//	  ec2: CreateTags DeleteTags DescribeInstances
//	    DescribeTags
//	  on arn::ec2:*:*:network-interface/*
//	  when StringLike aws:RequestTag/cluster = blue-* green-*
//
// The policy's name is the file's. The five header lines come first, in that order. A statement begins at the margin with allow or
// deny and, where it has one, its Sid. Its elements are indented by two spaces, and lines that continue an element by four:
//
//   - Actions, by service prefix. Services, and the actions of one, are in ascending order and occur once, so that there is one way
//     to write a set and a change shows as what it is.
//   - "on" and the resources.
//   - "when", an operator, a condition key, "=" and the operands, in any number. As in IAM, operands are alternatives
//     and several "when" must all hold.
//
// An ARN is written without its partition (arn::ec2:…) and gets that of the plane; an ARN that AWS writes for any partition
// (arn:*:ec2:…) stays as it is. Other words stand for themselves, policy variables and service principals among them. A text is
// printable ASCII, and a word has no space in it: nothing needs quoting, and there is none.
package catalog
