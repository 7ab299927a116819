package mesh

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// maxRunning bounds the calls of one connection that run at the same time; the next
// waits in the connection.
const maxRunning = 64

// maxErrorText bounds what a handler's error takes on the wire.
const maxErrorText = 64 << 10

// answer runs the calls of a connection until it ends, and waits for them.
func (m *Mesh) answer(ctx context.Context, c *connection) {
	ctx, cancel := context.WithCancel(ctx)
	a := answerer{mesh: m, stream: newStream(c.conn, callQueue), peer: c.peer, places: make(chan struct{}, maxRunning)}
	err := a.serve(func(frame []byte) error { return a.handle(ctx, frame) })
	cancel()
	a.running.Wait()
	m.logger.Debug("calls of node ended", "node", fmt.Sprintf("%x", c.peer.Node), "err", err)
}

type answerer struct {
	*stream
	mesh    *Mesh
	peer    Identity
	places  chan struct{}
	running sync.WaitGroup
}

func (a *answerer) handle(ctx context.Context, frame []byte) error {
	if len(frame) < requestHead || frame[0] != frameRequest {
		return errUnexpected
	}
	id := binary.LittleEndian.Uint64(frame[1:])
	fn := a.mesh.handlers[frame[9]]
	if fn == nil {
		a.reply(frameError, id, fmt.Appendf(nil, "node %x answers no calls of kind %d", a.mesh.options.Self().Node, frame[9]))
		return nil
	}
	wait := time.Duration(binary.LittleEndian.Uint32(frame[10:])) * time.Millisecond
	body := append([]byte{}, frame[requestHead:]...)
	a.places <- struct{}{} // given back by calls, all of which end with their deadlines
	a.running.Go(func() {
		defer func() { <-a.places }()
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		out, err := fn(ctx, a.peer, body)
		switch {
		case err != nil:
			text := err.Error()
			a.reply(frameError, id, []byte(text[:min(len(text), maxErrorText)]))
		case len(out) > maxCallBody:
			a.reply(frameError, id, []byte(errBodySize.Error()))
		default:
			a.reply(frameAnswer, id, out)
		}
	})
	return nil
}

// reply queues an answer. One that finds no room ends the connection: its caller, who
// takes no answers, would wait in vain.
func (a *answerer) reply(kind byte, id uint64, body []byte) {
	head := binary.LittleEndian.AppendUint64([]byte{kind}, id)
	if !a.send(head, body) {
		_ = a.conn.Close()
	}
}
