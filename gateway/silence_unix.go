//go:build unix

package gateway

import (
	"errors"
	"net"
	"syscall"
)

// silenceOf returns a function that tells of a connection, without waiting, that it is open and that nothing has come.
// What has come is lost to it.
func silenceOf(connection net.Conn) func() bool {
	never := func() bool { return false }
	socket, ok := connection.(syscall.Conn)
	if !ok {
		return never
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return never
	}
	var heard error
	var said [1]byte
	look := func(descriptor uintptr) bool { // which is in non-blocking mode, as all of package net's are
		_, heard = syscall.Read(int(descriptor), said[:])
		return true
	}
	return func() bool { return raw.Read(look) == nil && errors.Is(heard, syscall.EAGAIN) }
}
