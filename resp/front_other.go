//go:build !linux

package resp

import "errors"

const haveEpoll = false

func newEpollFront(*Server, int) (front, error) {
	return nil, errors.New("listener epoll: not available on this platform")
}
