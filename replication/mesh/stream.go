package mesh

import (
	"bufio"
	"errors"
	"net"
	"os"
	"time"
)

// A connection carries a ping when there was nothing else for pingEvery, in both
// directions, and is dead when it carried nothing for silence. What takes long to
// carry is not silent: every byte counts.
const (
	pingEvery = time.Second
	silence   = 3 * time.Second
)

var (
	errSilent = errors.New("silent for too long")
	errClosed = errors.New("closed")
)

// stream is a connection that carries frames both ways, and notices when the other
// side is gone.
type stream struct {
	conn net.Conn
	out  *outbox
}

func newStream(conn net.Conn, queue int) *stream {
	return &stream{conn: conn, out: newOutbox(queue)}
}

// send queues one frame; false when the stream has ended or the queue is full.
func (s *stream) send(head []byte, body ...[]byte) bool { return s.out.add(head, body...) }

// serve reads and writes until the connection ends, and says why it did. Each frame
// is handled before the next is read; it is valid during the call only.
func (s *stream) serve(handle func(frame []byte) error) error {
	wrote := make(chan error, 1)
	go func() {
		err := s.write()
		_ = s.conn.Close() // the reader ends
		wrote <- err
	}()
	err := s.read(handle)
	s.out.close()
	_ = s.conn.Close() // a blocked write ends
	if werr := <-wrote; errors.Is(err, net.ErrClosed) && !errors.Is(werr, errClosed) {
		return werr
	}
	return err
}

func (s *stream) read(handle func(frame []byte) error) error {
	r := bufio.NewReaderSize(patient{s.conn}, chunkSize)
	var buf []byte
	for {
		frame, err := readFrame(r, buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return errSilent
		}
		if err != nil {
			return err
		}
		if len(frame) > 0 {
			if err := handle(frame); err != nil {
				return err
			}
		}
		buf = frame
		if cap(buf) > keepBuffer {
			buf = nil
		}
	}
}

// patient reads as long as something comes.
type patient struct{ net.Conn }

func (p patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

// write has no deadline of its own: when the other side is gone the reader notices,
// and one that is there but reads slowly may take its time; the queue is bounded.
func (s *stream) write() error {
	idle := time.NewTimer(pingEvery)
	defer idle.Stop()
	var ping [frameHead]byte
	var taken, rest [][]byte
	for {
		var closed bool
		taken, closed = s.out.take(taken[:0])
		if closed {
			return errClosed
		}
		if len(taken) == 0 {
			select {
			case <-s.out.ready:
				continue
			case <-idle.C:
				if _, err := s.conn.Write(ping[:]); err != nil {
					return err
				}
				idle.Reset(pingEvery)
				continue
			}
		}
		rest = append(rest[:0], taken...)
		buffers := net.Buffers(rest) // consumed by the write, unlike taken
		if _, err := buffers.WriteTo(s.conn); err != nil {
			return err
		}
		s.out.written(taken)
		clear(taken)
		idle.Reset(pingEvery)
	}
}
