package commands

import "github.com/millrace-io/millrace/streams"

// entryFinder looks up entries of a stream in ascending order of their IDs, as a
// PEL has them. Where these lie close together it walks from one to the next,
// which costs a fraction of a look-up. IDs in any other order are found, too.
type entryFinder struct {
	s *streams.Stream
	// cur stands on the first entry at or behind low; with ended there is none.
	cur            streams.Cursor
	low            streams.ID
	started, ended bool
}

// finderSteps is how far the finder walks before it looks the ID up.
const finderSteps = 8

// find returns the cursor on the entry with that ID, nil when there is none. The
// cursor is valid until the next call.
func (f *entryFinder) find(id streams.ID) *streams.Cursor {
	if !f.started || id.Less(f.low) {
		f.seek(id)
	}
	for steps := 0; !f.ended && f.cur.ID().Less(id); steps++ {
		if steps == finderSteps {
			f.seek(id)
			break
		}
		f.ended = !f.cur.Next()
	}
	f.low = id
	if f.ended || f.cur.ID() != id {
		return nil
	}
	return &f.cur
}

func (f *entryFinder) seek(id streams.ID) {
	f.cur = f.s.Range(id, streams.MaxID)
	f.started, f.ended, f.low = true, !f.cur.Next(), id
}
