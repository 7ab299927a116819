package replication

import "github.com/millrace-io/millrace/internal/broken"

// telling holds replies back until others have been told what their requests
// caused: messages go out in the order of the log, and one that a connection caused
// itself has its place before the reply leaves. It belongs to one goroutine. A
// request that caused nothing costs it a look at a nil.
type telling struct {
	list    []told
	replies []byte // of those in list, one behind the other
}

// told is something to be told, a reply held back, or both, in this order.
type told struct {
	to     Replier // whose request it was, nil when nobody waits
	caused any     // nil: only the reply
	upto   int     // where its reply ends; it begins where the one before ends
	fill   bool    // there is a reply
}

// answer fills a request's reply, or holds it back for what the request caused.
func (t *telling) answer(r *Request, reply []byte) { t.answerTo(r.To, r.Caused, reply) }

func (t *telling) answerTo(to Replier, caused any, reply []byte) {
	switch {
	case caused != nil:
		t.add(to, caused)
		if to != nil {
			t.hold(to, reply)
		}
	case to != nil:
		to.Fill(reply)
	}
}

// add notes what a request has caused. Its reply, if it comes, comes later.
func (t *telling) add(to Replier, caused any) {
	if caused != nil {
		t.list = append(t.list, told{to: to, caused: caused, upto: len(t.replies)})
	}
}

// hold keeps a reply until all that was noted before is told.
func (t *telling) hold(to Replier, reply []byte) {
	t.replies = append(t.replies, reply...)
	t.list = append(t.list, told{to: to, upto: len(t.replies), fill: true})
}

// answerExec fills the reply of a transaction, which has begun when there was begin
// to be told: what its commands caused goes behind the reply of the whole.
func (t *telling) answerExec(to Replier, begin int, reply []byte) {
	if to == nil {
		return
	}
	if len(t.list) == begin {
		to.Fill(reply)
	} else {
		t.hold(to, reply)
	}
}

// maxKeptTold is how long a list may be to be kept for the next entry.
const maxKeptTold = 4096

// tell tells it and fills the replies. The caller holds no lock, and calls Flush
// afterwards when it reports true.
func (p *Partition) tell(t *telling) bool {
	if len(t.list) == 0 {
		return false
	}
	at := 0
	for i := range t.list {
		e := &t.list[i]
		p.emit(e.to, e.caused)
		if e.fill {
			e.to.Fill(t.replies[at:e.upto])
		}
		at = e.upto
	}
	clear(t.list)
	if t.list = t.list[:0]; cap(t.list) > maxKeptTold {
		t.list = nil
	}
	if t.replies = t.replies[:0]; cap(t.replies) > maxPooledReply {
		t.replies = nil
	}
	return true
}

// emit hands on what a request has caused, but not what is applied again after a start
// (invariant 6).
func (p *Partition) emit(to Replier, caused any) {
	if caused != nil && p.Emit != nil && (p.ready.Load() || broken.Is(broken.ReplayNotSilent)) {
		p.Emit(to, caused)
	}
}
