package resp

import "github.com/millrace-io/millrace/replication"

// maxGathered is how many requests a loop holds back at most: a deep pipeline is
// parsed while the disk syncs the one before.
const maxGathered = 256

// gather takes requests that a pass of a session has made. The loop hands them over
// with those of other connections, so that they make one entry and share a sync:
// one by one, the first few would be on their way when the others come, and all
// others have to wait for them.
func (l *loop) gather(reqs []*replication.Request) {
	l.reqs = append(l.reqs, reqs...)
	if len(l.reqs) >= maxGathered {
		l.handOver()
	}
}

// handOverIdle ends a round: it hands over what was gathered, unless an entry is on
// its way. Then the requests would wait in any case, and in the meantime more may
// join them: the clients to whom the end of that entry brings replies, which the
// loop sends before it asks again. They wait for one flush at most: other
// loops may have an entry on its way at any moment.
func (l *loop) handOverIdle() {
	l.server.pause.enter()
	defer l.server.pause.exit()
	if len(l.reqs) == 0 {
		l.due.Store(false) // a flush may have come just after they were handed over
		return
	}
	l.holding.Store(true) // before Busy is asked, so that the flush is not missed
	if l.due.Load() || !l.server.router.Busy() {
		l.handOver()
	}
}

// handOver gives the router what was gathered. Its caller is in a pass or holds the
// gate of pauses, which covers l.reqs.
func (l *loop) handOver() {
	l.holding.Store(false)
	l.due.Store(false)
	if len(l.reqs) == 0 {
		return
	}
	l.server.router.Submit(l.reqs)
	clear(l.reqs)
	l.reqs = l.reqs[:0]
}
