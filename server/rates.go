package server

import (
	"context"
	"sync"
	"time"
)

const (
	rateEvery   = 100 * time.Millisecond
	rateSamples = 16 // as in Redis: the last 1.6 seconds
)

// sample is what was counted up to a moment.
type sample struct {
	at             time.Time
	commands       uint64
	netIn, netOut  uint64
	rounds         uint64
	commandsPerSec float64 // these four since the sample before
	inPerSec       float64
	outPerSec      float64
	roundsPerSec   float64
}

// rates knows what went on during the last seconds.
type rates struct {
	// mu covers what follows.
	mu     sync.Mutex
	last   sample
	ring   [rateSamples]sample
	next   int
	filled int
}

// run takes a sample ten times a second until ctx ends.
func (r *rates) run(ctx context.Context, take func() sample) {
	t := time.NewTicker(rateEvery)
	defer t.Stop()
	for {
		r.add(take())
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// add takes a sample in. Counters that went back were reset: they say nothing yet.
func (r *rates) add(s sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	took := s.at.Sub(r.last.at).Seconds()
	if !r.last.at.IsZero() && took > 0 && s.commands >= r.last.commands && s.netIn >= r.last.netIn && s.netOut >= r.last.netOut {
		s.commandsPerSec = float64(s.commands-r.last.commands) / took
		s.inPerSec = float64(s.netIn-r.last.netIn) / took
		s.outPerSec = float64(s.netOut-r.last.netOut) / took
		s.roundsPerSec = float64(s.rounds-min(s.rounds, r.last.rounds)) / took
		r.ring[r.next] = s
		r.next = (r.next + 1) % rateSamples
		r.filled = min(r.filled+1, rateSamples)
	}
	r.last = s
}

// now is the mean of the last samples, in its fields per second.
func (r *rates) now() (mean sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.filled == 0 {
		return mean
	}
	for _, s := range r.ring[:r.filled] {
		mean.commandsPerSec += s.commandsPerSec / float64(r.filled)
		mean.inPerSec += s.inPerSec / float64(r.filled)
		mean.outPerSec += s.outPerSec / float64(r.filled)
		mean.roundsPerSec += s.roundsPerSec / float64(r.filled)
	}
	return mean
}

// takeSample is what the front has counted up to now.
func (n *Node) takeSample() sample {
	s := n.front.Totals()
	return sample{at: time.Now(), commands: s.Commands, netIn: s.NetIn, netOut: s.NetOut, rounds: s.Rounds}
}
