//go:build !linux && !darwin && !freebsd

package vfs

func (osFS) FreeBytes(dir string) (int64, error) { return UnknownFree, nil }
