package main

import (
	"fmt"
	"slices"
)

// metric is a figure that a case measures.
type metric struct {
	name  string // "" for a case with one
	unit  string
	lower bool // less is better
	// goal is the least ratio to the peer that is asked for; 0: none. The ratio is
	// made so that more is better.
	goal float64
	// goals are those of the peers that have one of their own.
	goals map[kind]float64
	// least is what Millrace itself must show, whatever the peers do; 0: nothing.
	least float64
	// limit is the most that Millrace itself may show, whatever the peer does; 0:
	// none.
	limit float64
}

// job is one round of a case on one server.
type job struct {
	*server
	bench *bench
	round int
	key   string // of this round
	// spread has clients connect to all nodes of a cluster in turn.
	spread bool
}

// scaled is n times the bench's -scale.
func (j *job) scaled(n int) int { return max(1, int(float64(n)*j.bench.scale)) }

// testCase is work that is played on Millrace and on its peers.
type testCase struct {
	name  string
	title string
	mode  fsync
	// partitions are those of the Millrace that is measured, 0 for one.
	partitions int
	// nodes of each server's cluster, 0 for one that is on its own.
	nodes   int
	peers   []kind
	metrics []metric
	// setup, if there is one, runs once on each server before the rounds.
	setup func(*job) error
	// measure plays one round and returns a figure for each metric.
	measure func(*job) ([]float64, error)
	// fresh cases get a new server for each round.
	fresh bool
	// rounds are the rounds of a case that takes long; 0: as many as of others.
	rounds int
}

// result is what a case has shown.
type result struct {
	*testCase
	figures map[kind][][]float64 // by metric, then round
}

// median of a metric on a server.
func (r *result) median(k kind, metric int) float64 { return median(r.figures[k][metric]) }

// ratio of Millrace to a peer in a metric, more being better.
func (r *result) ratio(peer kind, metric int) float64 {
	ours, theirs := r.median(millrace, metric), r.median(peer, metric)
	if r.metrics[metric].lower {
		ours, theirs = theirs, ours
	}
	if theirs == 0 {
		return 0
	}
	return ours / theirs
}

// met reports whether the goals of a metric were reached; known is false when there
// is none, or no peer to compare with.
func (r *result) met(metric int) (met, known bool) {
	m := r.metrics[metric]
	if m.limit > 0 {
		return r.median(millrace, metric) <= m.limit, true
	}
	if m.least > 0 {
		return r.median(millrace, metric) >= m.least, true
	}
	met = true
	for k := range r.figures {
		if reached, asked := r.metAgainst(metric, k); asked {
			met, known = met && reached, true
		}
	}
	return met && known, known
}

// metAgainst is met for the comparison with one peer.
func (r *result) metAgainst(metric int, peer kind) (met, known bool) {
	m := &r.metrics[metric]
	if m.limit > 0 || m.least > 0 {
		return r.met(metric)
	}
	goal := m.against(peer)
	if goal == 0 || peer == millrace || r.figures[peer] == nil {
		return false, false
	}
	return r.ratio(peer, metric) >= goal, true
}

// against is the goal that a metric has in comparison with a peer.
func (m *metric) against(peer kind) float64 {
	if goal, ok := m.goals[peer]; ok {
		return goal
	}
	return m.goal
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// play runs a case: its rounds interleaved, on Millrace first and last in turn.
func (b *bench) play(c *testCase) (*result, error) {
	r := &result{testCase: c, figures: make(map[kind][][]float64)}
	kinds := b.installed(append([]kind{millrace}, c.peers...))
	running := make(map[kind]*job)
	defer func() {
		for _, j := range running {
			if c.nodes == 0 { // a cluster is kept for the next case
				j.stop()
			}
		}
	}()
	for _, k := range kinds {
		r.figures[k] = make([][]float64, len(c.metrics))
	}
	rounds := b.rounds
	if c.rounds > 0 {
		rounds = min(rounds, c.rounds)
	}
	for round := range rounds {
		if round%2 == 1 {
			slices.Reverse(kinds)
		}
		for _, k := range kinds {
			figures, err := b.playRound(c, k, round, running)
			if err != nil {
				return nil, fmt.Errorf("%s on %s, round %d: %w", c.name, k, round, err)
			}
			for i, f := range figures {
				r.figures[k][i] = append(r.figures[k][i], f)
			}
			b.progress(c, k, round, figures)
		}
		if round%2 == 1 {
			slices.Reverse(kinds)
		}
	}
	return r, nil
}

func (b *bench) playRound(c *testCase, k kind, round int, running map[kind]*job) ([]float64, error) {
	j := running[k]
	if j == nil {
		s, err := b.serve(k, c)
		if err != nil {
			return nil, err
		}
		j = &job{server: s, bench: b}
		running[k] = j
		if c.setup != nil {
			if err := c.setup(j); err != nil {
				return nil, err
			}
		}
	}
	j.round, j.key = round, fmt.Sprintf("bench:%d", round)
	figures, err := c.measure(j)
	if err != nil {
		return nil, err
	}
	if err := j.proveAllSynced(c.mode); err != nil {
		return nil, err
	}
	if c.fresh && c.nodes == 0 {
		j.stop()
		delete(running, k)
		return figures, nil
	}
	if !j.isNATS() {
		_, err = j.do("DEL", j.key)
	}
	return figures, err
}

// serve starts the server that a case is played on, or takes the cluster that runs.
func (b *bench) serve(k kind, c *testCase) (*server, error) {
	if c.nodes == 0 {
		return b.start(k, c.mode, c.partitions)
	}
	return b.cluster(k, c.mode, c.nodes)
}

// proveAllSynced is proveSynced for all nodes of a cluster, of which no acknowledgement
// needs more than a majority.
func (j *job) proveAllSynced(mode fsync) error {
	if j.members == nil {
		return j.proveSynced(mode)
	}
	for _, s := range j.members {
		if err := j.at(s).proveSynced(mode); err != nil {
			return err
		}
	}
	return nil
}

// proveSynced compares the counters of Millrace's log: in mode always, each write is
// followed by its sync before anything of it is acknowledged.
func (j *job) proveSynced(mode fsync) error {
	if j.kind != millrace && j.kind != millraceAlone || mode != always {
		return nil
	}
	writes, err := j.info("log_writes")
	if err != nil {
		return err
	}
	syncs, err := j.info("log_syncs")
	if err != nil {
		return err
	}
	if syncs < writes {
		return fmt.Errorf("%d writes to the log and only %d syncs", writes, syncs)
	}
	return nil
}
