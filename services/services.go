// Package services holds the AWS services that live inside the plane: so far S3.
//
// It owns their data and their protocol. It does not know who may do what: whoever puts a service behind a door has authenticated and
// authorized each request before, and says in AccountHeader for which account it is made. Without that header a request is refused.
package services

// AccountHeader carries the caller's account id, twelve digits. The door in front always sets it and never lets a client's through.
const AccountHeader = "X-Openirsa-Account"
