//go:build !linux

package resp

import "errors"

var errNoMapping = errors.New("no mapping on this platform")

func mapLarge(int) ([]byte, error)          { return nil, errNoMapping }
func growLarge([]byte, int) ([]byte, error) { return nil, errNoMapping }
func unmapLarge([]byte)                     {}
