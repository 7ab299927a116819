package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/millrace-io/millrace/bench/load"
)

// cluster starts nodes that are one cluster, or takes those that run: a cluster takes
// seconds to find itself. What is returned is any of the nodes.
func (b *bench) cluster(k kind, mode fsync, nodes int) (*server, error) {
	if s := b.clusters[k]; s != nil {
		return s, nil
	}
	members, err := b.members(k, mode, nodes)
	if err == nil {
		b.settings["a node of "+string(k)] = members[nodes-1].describe()
		b.clusters[k] = members[0]
		err = runAll(members)
	}
	if err != nil {
		return nil, fmt.Errorf("cluster of %s: %w", k, err)
	}
	j := &job{server: members[0], bench: b}
	if k == millrace {
		return members[0], j.settled()
	}
	return members[0], j.elected()
}

// runAll starts one after the other: each joins those before it.
func runAll(members []*server) error {
	for _, s := range members {
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

// members are the nodes of a cluster before they are started.
func (b *bench) members(k kind, mode fsync, nodes int) ([]*server, error) {
	members, links := make([]*server, nodes), make([]string, nodes)
	for i := range members {
		dir, err := os.MkdirTemp(b.dir, string(k)+"-")
		if err != nil {
			return nil, err
		}
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		if links[i], err = freeAddr(); err != nil {
			return nil, err
		}
		members[i] = &server{kind: k, addr: addr, dir: dir, args: b.arguments(k, mode, addr, dir), members: members}
	}
	for i, s := range members {
		if s.isNATS() {
			if err := writeConf(s.dir, s.addr, k, routes(nodeName(i), links, i)...); err != nil {
				return nil, err
			}
			continue
		}
		s.args = append(profileEach(s.args, i), "--cluster-addr", links[i], "--cluster-secret", "bench")
		if i > 0 {
			s.args = append(s.args, "--join", links[0])
		}
	}
	return members, nil
}

// nodeName is how NATS calls the i-th node.
func nodeName(i int) string { return fmt.Sprintf("n%d", i) }

// routes are the lines of a nats-server's configuration that make it one of a cluster.
func routes(name string, links []string, i int) []string {
	urls := make([]string, len(links))
	for k, l := range links {
		urls[k] = "nats://" + l
	}
	return []string{
		"server_name: " + name,
		"cluster {", "  name: bench", "  listen: " + links[i], "  routes: [" + strings.Join(urls, ", ") + "]", "}",
	}
}

// profileEach has each node write to files of its own.
func profileEach(args []string, i int) []string {
	args = slices.Clone(args)
	for k, a := range args {
		if k > 0 && (args[k-1] == "--cpuprofile" || args[k-1] == "--trace") {
			args[k] = fmt.Sprintf("%s.%d", a, i)
		}
	}
	return args
}

// stopClusters ends all that run.
func (b *bench) stopClusters() {
	for _, s := range b.clusters {
		for _, m := range s.members {
			if m.cmd != nil && m.cmd.Process != nil {
				m.stop()
			}
		}
	}
}

// at is the job by way of another node.
func (j *job) at(s *server) *job {
	other := *j
	other.server = s
	return &other
}

// onEach runs fn by way of each node.
func (j *job) onEach(fn func(*job) error) error {
	if j.members == nil {
		return fn(j)
	}
	for _, s := range j.members {
		if err := fn(j.at(s)); err != nil {
			return fmt.Errorf("node %s: %w", s.addr, err)
		}
	}
	return nil
}

// expectOnEach is expectInt on each node: a read through any of them sees all that was
// acknowledged.
func (j *job) expectOnEach(want int, args ...string) error {
	return j.onEach(func(at *job) error { return at.expectInt(want, args...) })
}

// entrances are the addresses that clients connect to in turn.
func (j *job) entrances() []string {
	if !j.spread {
		return []string{j.addr}
	}
	addrs := make([]string, len(j.members))
	for i, s := range j.members {
		addrs[i] = s.addr
	}
	return addrs
}

// settleWithin is how long the nodes may take to become one cluster.
const settleWithin = 2 * time.Minute

// settled waits until all nodes of a Millrace vote and have caught up, and the one with
// the lowest id leads: there the leader of the only partition belongs, and will stay.
func (j *job) settled() error {
	var state string
	for deadline := time.Now().Add(settleWithin); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		leader, err := j.leader()
		if err != nil {
			state = err.Error()
			continue
		}
		nodes, err := j.at(leader).nodes()
		if err != nil {
			state = err.Error()
			continue
		}
		if state = unsettled(nodes, len(j.members)); state == "" {
			return nil
		}
	}
	return fmt.Errorf("the cluster is not settled after %v: %s", settleWithin, state)
}

// unsettled says what is missing, "" for nothing. nodes are told by the leader.
func unsettled(nodes []map[string]string, want int) string {
	if len(nodes) != want {
		return fmt.Sprintf("%d nodes", len(nodes))
	}
	lowest := slices.MinFunc(nodes, func(a, b map[string]string) int { return strings.Compare(a["id"], b["id"]) })
	for _, n := range nodes {
		if n["state"] != "up" || n["voter"] != "1" || n["lag"] != "0" {
			return fmt.Sprintf("node %v", n)
		}
	}
	if lowest["leads"] == "" {
		return fmt.Sprintf("%s does not lead", lowest["id"])
	}
	return ""
}

// nodes is what MILLRACE NODES says: the fields of each.
func (j *job) nodes() ([]map[string]string, error) {
	r, err := j.do("MILLRACE", "NODES")
	if err != nil {
		return nil, err
	}
	nodes := make([]map[string]string, len(r.Elems))
	for i, e := range r.Elems {
		nodes[i] = make(map[string]string, len(e.Elems)/2)
		for k := 0; k+1 < len(e.Elems); k += 2 {
			nodes[i][e.Elems[k].Text] = text(e.Elems[k+1])
		}
	}
	return nodes, nil
}

// text is a number, a string or a list of them as text.
func text(r load.Reply) string {
	switch r.Kind {
	case ':':
		return strconv.FormatInt(r.Int, 10)
	case '*':
		texts := make([]string, len(r.Elems))
		for i, e := range r.Elems {
			texts[i] = text(e)
		}
		return strings.Join(texts, " ")
	}
	return r.Text
}

// leader is the node that leads the partition of all keys.
func (j *job) leader() (*server, error) {
	var failed error
	for _, s := range j.members {
		nodes, err := j.at(s).nodes()
		if err != nil {
			failed = err
			continue
		}
		for _, n := range nodes {
			if n["leads"] == "" {
				continue
			}
			if i := slices.IndexFunc(j.members, func(m *server) bool { return m.addr == n["client-addr"] }); i >= 0 {
				return j.members[i], nil
			}
		}
	}
	return nil, fmt.Errorf("no node leads: %w", failed)
}

// elected waits until the nodes of a NATS can make a stream, which is when they have
// found each other.
func (j *job) elected() error {
	probe := *j
	probe.key = "probe"
	var err error
	for deadline := time.Now().Add(settleWithin); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var nc *nats.Conn
		var js nats.JetStreamContext
		if nc, js, err = probe.stream(); err != nil {
			continue
		}
		err = js.DeleteStream(probe.subject())
		nc.Close()
		return err
	}
	return err
}

// natsEntrances are the addresses that clients of this round's stream connect to in
// turn: without spread that of the node that leads the stream.
func (j *job) natsEntrances(js nats.JetStreamContext) ([]string, error) {
	if j.spread || j.members == nil {
		return j.entrances(), nil
	}
	info, err := js.StreamInfo(j.subject())
	if err != nil {
		return nil, err
	}
	for i, s := range j.members {
		if info.Cluster != nil && info.Cluster.Leader == nodeName(i) {
			return []string{s.addr}, nil
		}
	}
	return nil, fmt.Errorf("stream %s has no leader", j.subject())
}
