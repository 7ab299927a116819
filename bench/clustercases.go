package main

import "fmt"

const clusterNodes = 3

// depths at which clusters are appended to.
var depths = []int{1, 16, 128}

// clusterCases are played on three nodes on one machine, in mode always: what is
// acknowledged is synced on two of them. JetStream has three replicas of its stream.
func clusterCases() []*testCase {
	const append100 = "3 nodes: append 100 B, 50 connections, Millrace synced on a majority"
	return []*testCase{
		clusterCase(testCase{
			name: "cluster/xadd", title: "3 nodes: XADD of 100 B through the leader's node by redis-benchmark, 50 connections, fsync always",
			metrics: atDepths(metric{least: 20_000}, metric{least: 180_000}, metric{least: 400_000}),
			measure: func(j *job) ([]float64, error) { return j.throughLeader((*job).xaddAtDepths) },
		}),
		clusterCase(testCase{
			name: "cluster/publish", title: append100 + ", through the leader's node", peers: []kind{jetstreamSynced, jetstream},
			metrics: atDepths(beside(1.3, 0.75), beside(2.5, 1.5), beside(4, 2.3)),
			measure: func(j *job) ([]float64, error) { return j.throughLeader((*job).publishAtDepths) },
		}),
		clusterCase(testCase{
			name: "cluster/publish-all", title: append100 + ", through all nodes", peers: []kind{jetstreamSynced, jetstream},
			metrics: atDepths(beside(1.3, 0.75), beside(2.5, 1.5), beside(4, 2.3)),
			measure: func(j *job) ([]float64, error) {
				all := j.at(j.server)
				all.spread = true
				return all.publishAtDepths()
			},
		}),
		clusterCase(testCase{
			name: "cluster/consume", title: "3 nodes: 8 consumers through the leader's node, 100 at a time, each entry acknowledged, Millrace synced on a majority",
			peers:   []kind{jetstreamSynced, jetstream},
			metrics: []metric{{unit: "entries/s", goals: map[kind]float64{jetstream: 1.3}}},
			measure: func(j *job) ([]float64, error) { return j.throughLeader((*job).consumeOnce) },
		}),
		failoverCase(),
	}
}

func clusterCase(c testCase) *testCase {
	c.mode, c.nodes = always, clusterNodes
	c.measure = syncedByMajority(c.measure)
	return &c
}

// beside is a metric with a goal for JetStream that syncs, and one for its default.
func beside(synced, unsynced float64) metric {
	return metric{goals: map[kind]float64{jetstreamSynced: synced, jetstream: unsynced}}
}

// atDepths names a metric for each depth.
func atDepths(metrics ...metric) []metric {
	for i := range metrics {
		metrics[i].name, metrics[i].unit = fmt.Sprintf("depth %d", depths[i]), "entries/s"
	}
	return metrics
}

// throughLeader plays a round by way of the node that leads.
func (j *job) throughLeader(measure func(*job) ([]float64, error)) ([]float64, error) {
	if j.kind != millrace {
		return measure(j) // a stream of NATS gets a leader when it is made
	}
	leader, err := j.leader()
	if err != nil {
		return nil, err
	}
	return measure(j.at(leader))
}

func (j *job) xaddAtDepths() ([]float64, error) {
	return j.atEachDepth(func(at *job, depth int) ([]float64, error) {
		figures, err := at.xadd(100, 50, depth)
		if err != nil {
			return nil, err
		}
		return figures, at.expectOnEach(at.appended(100, depth), "XLEN", at.key)
	})
}

func (j *job) publishAtDepths() ([]float64, error) {
	return j.atEachDepth(func(at *job, depth int) ([]float64, error) { return at.publishAt(depth) })
}

// atEachDepth plays one after the other, each on a stream of its own that is dropped.
func (j *job) atEachDepth(measure func(at *job, depth int) ([]float64, error)) ([]float64, error) {
	var all []float64
	for _, depth := range depths {
		at := j.at(j.server)
		at.key = fmt.Sprintf("%s:%d", j.key, depth)
		figures, err := measure(at, depth)
		if err != nil {
			return nil, fmt.Errorf("depth %d: %w", depth, err)
		}
		all = append(all, figures...)
		if j.kind == millrace {
			if _, err := at.do("DEL", at.key); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (j *job) consumeOnce() ([]float64, error) {
	n := j.scaled(200_000)
	if j.kind == millrace {
		return j.drain(n, 100)
	}
	return j.consumeNATS(n)
}

// syncedByMajority wraps a round: a majority of the nodes must have written and synced
// their logs meanwhile. That no write went without its sync is proved of each node.
func syncedByMajority(measure func(*job) ([]float64, error)) func(*job) ([]float64, error) {
	return func(j *job) ([]float64, error) {
		if j.kind != millrace {
			return measure(j)
		}
		before, err := j.logSyncs()
		if err != nil {
			return nil, err
		}
		figures, err := measure(j)
		if err != nil {
			return nil, err
		}
		after, err := j.logSyncs()
		if err != nil {
			return nil, err
		}
		synced := 0
		for i := range after {
			if after[i] != before[i] && after[i] > 0 { // less: it was started again, and counts from then
				synced++
			}
		}
		if synced <= len(j.members)/2 {
			return nil, fmt.Errorf("only %d nodes synced their logs: %v syncs before and %v after", synced, before, after)
		}
		return figures, nil
	}
}

// logSyncs are the syncs of each node's log.
func (j *job) logSyncs() ([]int64, error) {
	var all []int64
	err := j.onEach(func(at *job) error {
		n, err := at.info("log_syncs")
		all = append(all, n)
		return err
	})
	return all, err
}
