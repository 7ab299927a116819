package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/meta"
)

var (
	errNoPartition = errors.New("no such partition")
	errNotUp       = errors.New("it is not, and any other node leads until then")
	errNoNode      = errors.New("no such node in the cluster, or it leaves")
)

// leaderSetting is the setting of the cluster that says who is to lead a partition, as
// an operator wants it: the id of a node. While that is no voter, or there is no such
// setting, the partitions are spread.
func leaderSetting(partition uint32) string { return fmt.Sprintf("leader-%d", partition) }

// Transfer has a node lead a partition from now on, through any node; 0 has it lead who
// should lead it when partitions are spread. It returns when that node leads, or at once when
// that is one that is down.
func (c *Cluster) Transfer(ctx context.Context, partition uint32, to uint64) error {
	g := c.group(partition + 1)
	if g == nil {
		return errNoPartition
	}
	if to == 0 {
		if err := c.Unset(ctx, leaderSetting(partition)); err != nil {
			return err
		}
		list, err := members(g)
		if err != nil {
			return err
		}
		to = preferredLeader(partition, list, wanted(c.State()))
		if err := c.mayTakeOver(g, to); err != nil {
			return err
		}
	} else {
		if n, ok := c.State().Node(to); !ok || n.Phase == meta.Leaving {
			return errNoNode
		}
		if err := c.Set(ctx, leaderSetting(partition), meta.FormatID(to)); err != nil {
			return err
		}
	}
	return c.waitLeader(ctx, g, to)
}

// mayTakeOver is why the node that is to lead a group when they are spread does not take over now:
// it does so by itself when it can.
func (c *Cluster) mayTakeOver(g *group, node uint64) error {
	if leader, _, known := g.Leader(); known && leader == node {
		return nil
	}
	if l := c.look(node); node == 0 || !l.up || l.stopping {
		return fmt.Errorf("partition %d goes to node %s when that is up: %w", g.number-1, meta.FormatID(node), errNotUp)
	}
	return nil
}

func (c *Cluster) waitLeader(ctx context.Context, g *group, node uint64) error {
	ticker := time.NewTicker(busyPace / 10)
	defer ticker.Stop()
	for {
		if leader, _, known := g.Leader(); known && leader == node {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node %s is to lead partition %d, and does not yet: %w", meta.FormatID(node), g.number-1, ctx.Err())
		case <-ticker.C:
		}
	}
}

// chosen is who is to lead a group, 0 for anybody. What an operator chose is done at
// once, what order asks for only when things have settled.
func (c *Cluster) chosen(g *group, list []member, state *meta.State) uint64 {
	if g.number == metaGroup {
		return 0
	}
	partition, want := g.number-1, wanted(state)
	if text, ok := state.Setting(leaderSetting(partition)); ok {
		s := situation{members: list, wanted: want, up: func(uint64) bool { return true }}
		if id, err := meta.ParseID(text); err == nil && s.mayLead(id) {
			if l := c.look(id); !l.up || l.stopping {
				return 0
			}
			return id
		}
	}
	if to := preferredLeader(partition, list, want); c.steady(g, to) {
		return to
	}
	return 0
}
