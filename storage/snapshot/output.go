package snapshot

import (
	"fmt"

	"github.com/millrace-io/millrace/storage/vfs"
)

const (
	// writeBuffer is what one write of small sections takes.
	writeBuffer = 512 << 10
	// direct is the size from which bytes are written from where they are.
	direct = 64 << 10
	// syncStep is invariant 7. Beside a snapshot of 1.5 GB, XADDs at 1000/s had a p99
	// of 5 ms with steps of 1 MiB, of 72 ms with 8 MiB; it took 5.8 instead of 4.8 s.
	syncStep = 1 << 20
)

// output writes a file front to back. Its first error is final: the file is of
// no use from then on.
type output struct {
	f        vfs.File
	buf      []byte
	written  int64 // without buf
	unsynced int64 // of written
	err      error
}

func (o *output) size() int64 { return o.written + int64(len(o.buf)) }

func (o *output) write(b []byte) error {
	if o.err != nil {
		return o.err
	}
	if len(b) < direct {
		if len(o.buf)+len(b) > writeBuffer {
			o.flush()
		}
		if o.buf == nil {
			o.buf = make([]byte, 0, writeBuffer)
		}
		o.buf = append(o.buf, b...)
		return o.err
	}
	o.flush()
	for len(b) > 0 && o.err == nil {
		n := min(len(b), syncStep)
		o.writeOut(b[:n])
		b = b[n:]
	}
	return o.err
}

func (o *output) flush() {
	if len(o.buf) > 0 {
		o.writeOut(o.buf)
		o.buf = o.buf[:0]
	}
}

func (o *output) writeOut(b []byte) {
	if o.err != nil {
		return
	}
	if o.unsynced+int64(len(b)) > syncStep {
		if o.err = o.f.DataSync(); o.err != nil {
			return
		}
		o.unsynced = 0
	}
	n, err := o.f.WriteAt(b, o.written)
	o.written += int64(n)
	o.unsynced += int64(n)
	if err != nil {
		o.err = fmt.Errorf("write snapshot: %w", err)
	}
}

// finish brings everything to the disk.
func (o *output) finish() error {
	o.flush()
	if o.err == nil {
		o.err = o.f.Sync()
	}
	return o.err
}
