package mesh

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

const (
	frameHead = 4 // its length
	// maxFrame leaves room for what goes with the largest request (512 MB).
	maxFrame = 576 << 20
	// readAhead is how much more memory a frame gets than has arrived of it, until it
	// is larger: what a header promises is not believed.
	readAhead = 64 << 10
	// keepBuffer is the largest buffer that stays for the next frame.
	keepBuffer = 1 << 20
)

var errFrame = errors.New("frame of a length that is not allowed")

// readFrame reads one frame into buf. A ping comes as an empty one.
func readFrame(r *bufio.Reader, buf []byte) ([]byte, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int(binary.LittleEndian.Uint32(head[:]))
	if size > maxFrame {
		return nil, errFrame
	}
	buf = buf[:0]
	for len(buf) < size {
		have := len(buf)
		step := min(size-have, max(readAhead, have, cap(buf)-have))
		buf = slices.Grow(buf, step)[:have+step]
		if _, err := io.ReadFull(r, buf[have:]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}
