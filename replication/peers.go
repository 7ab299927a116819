package replication

import (
	"bytes"
	"encoding/binary"
	"time"
)

// What replicas of a partition tell each other, besides Raft: a byte for the kind, and
//
//	lead    term (uvarint)                    to all: send me what is on its way
//	part    an encoded part                   to the leader: the next of my stream
//	ask     question (uvarint)                to the leader: how far must a read see?
//	answer  question, index (uvarint)         0: I don't lead
//	commit  term, index (uvarint)             to all: this entry of mine is committed
//	room    what (uvarint)                    to all: whether my log takes entries
//
// Any of them may be lost, or come twice when links break: whoever sends does it again.
const (
	msgLead      = 'L'
	msgPart      = 'P'
	msgAsk       = 'A'
	msgAnswer    = 'I'
	msgCommitted = 'C'
	msgRoom      = 'R'
)

// announce tells the others that this replica leads. It comes after the term has begun:
// whoever is added later is told by announceTo.
func (p *Partition) announce(number uint64) {
	servers, err := p.servers()
	if err != nil {
		return // Raft has ended
	}
	for _, s := range servers {
		if node, ok := nodeOf(s.ID); ok && node != p.Origin.Node {
			p.sendTo(node, msgLead, number)
		}
	}
}

// announceTo tells a node that was added that this replica leads, if it does. The link
// to it may have come up before the term began, when there was nothing to tell.
func (p *Partition) announceTo(node uint64) {
	t := &p.term
	t.mu.Lock()
	leads, number := t.leads.Load(), t.number
	t.mu.Unlock()
	if leads {
		p.sendTo(node, msgLead, number)
	}
}

// sendTo sends a message that is made of numbers.
func (p *Partition) sendTo(node uint64, kind byte, numbers ...uint64) bool {
	if p.Send == nil {
		return false
	}
	b := make([]byte, 1, 1+len(numbers)*binary.MaxVarintLen64)
	b[0] = kind
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return p.Send(node, b)
}

// Linked notes that messages to a node get through, or don't.
func (p *Partition) Linked(node uint64, up bool) {
	p.room.link(node, up)
	t := &p.term
	t.mu.Lock()
	leads, number, leader := t.leads.Load(), t.number, t.leader
	t.mu.Unlock()
	switch {
	case !up:
	case leads:
		p.sendTo(node, msgLead, number)
	case node == leader:
		p.sendAgain() // what was sent before may be lost
	}
}

// Receive takes a message of the same partition's replica on another node. Those of one
// link come in their order, from one goroutine. body is valid during the call.
func (p *Partition) Receive(from Origin, body []byte) {
	if len(body) == 0 {
		return
	}
	if body[0] == msgPart {
		p.receivePart(from, body[1:])
		return
	}
	r := entryReader{rest: body[1:]}
	number, err := r.uvarint()
	if err != nil {
		return
	}
	switch body[0] {
	case msgLead:
		p.announced(from.Node, number)
	case msgAsk:
		p.gate.asked(question{from.Node, number})
	case msgCommitted:
		if index, err := r.uvarint(); err == nil {
			p.nudged.put(nudge{from.Node, number, index})
		}
	case msgRoom:
		p.room.heard(from.Node, number, time.Now())
		p.proposer.free() // what waits may have to be refused
	case msgAnswer:
		if index, err := r.uvarint(); err == nil {
			p.gate.answered(number, index)
		}
	}
}

// receivePart takes a part to be proposed, when this replica leads and it is the next
// one of its origin. Its sender keeps it until the log has it.
func (p *Partition) receivePart(from Origin, encoded []byte) {
	var pt part
	if readPart(encoded, &pt) != nil || !p.term.leads.Load() {
		return
	}
	if p.term.take(from, &pt, bytes.Clone(encoded)) {
		p.queue.poke()
	}
}
