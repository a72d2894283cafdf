//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package trail

import "os"

// These systems have no flock; the store's lock keeps a second plane from the same folder.
func lock(*os.File) error { return nil }

// Windows does not flush folders.
func syncFolder(*os.File) error { return nil }
