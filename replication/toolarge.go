package replication

import "github.com/millrace-io/millrace/resp/wire"

// refuseTooLarge answers requests at the head of the queue that are larger than any
// may be (Options.TooLarge). Only a request at the head can be: each that is larger than
// maxEntryBytes goes alone.
func (p *Partition) refuseTooLarge() {
	if p.TooLarge == nil {
		return
	}
	q := &p.proposer
	bytes := int64(0)
	for ; q.first < len(q.reqs); q.first++ {
		r := q.reqs[q.first]
		size := int64(requestSize(r))
		err := p.TooLarge(size)
		if err == nil {
			break
		}
		r.To.Fill(wire.AppendError(nil, err.Error()))
		bytes += size
		q.reqs[q.first] = nil
	}
	if bytes > 0 {
		p.queue.done(bytes)
		p.Flush()
		p.queue.poke()
	}
}
