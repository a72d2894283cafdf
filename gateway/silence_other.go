//go:build !unix

package gateway

import "net"

// silenceOf knows no way to look at a connection here: none is used twice.
func silenceOf(net.Conn) func() bool { return func() bool { return false } }
