package chaos

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/redis/go-redis/v9"
)

// transfer hands all leaderships over.
func (n *nemesis) transfer() error {
	if err := n.order(n.leader(), "MILLRACE", "TRANSFER"); err != nil {
		return err
	}
	n.hold()
	return nil
}

// saves takes a snapshot on one node and kills it right behind, or in the middle.
func (n *nemesis) saves() error {
	i := n.rng.IntN(len(n.cluster.members))
	var reply redis.Error // a snapshot is being taken already, as good as this one
	if err := n.order(i, "BGSAVE"); err != nil && !errors.As(err, &reply) {
		return err
	}
	n.wait(0, 100*time.Millisecond)
	return n.kill(i)
}

// replace takes a dead node out of a cluster that is whole but for it, dismiss the
// leader by its own order; a new one joins in its place.
func (n *nemesis) replace() error { return n.membership().replaceDead() }
func (n *nemesis) dismiss() error { return n.membership().dismiss() }

func (n *nemesis) membership() *membership {
	return &membership{cluster: n.cluster, rng: n.rng, strict: true}
}

// order has a node do something. What is refused for the moment, by a disk that was
// full until now or for want of a leader, is asked for again. In a cluster that is
// broken anyway it is tried once, and may fail.
func (n *nemesis) order(node int, args ...any) error {
	if n.broken || n.busy {
		_ = n.cluster.ask(node, lookIn, args...)
		return nil
	}
	ctx, cancel := context.WithTimeout(n.cluster.t.Context(), joinIn)
	defer cancel()
	c := n.cluster.patient(node) // it is done when the order is answered
	defer c.Close()
	for {
		err := c.Do(ctx, args...).Err()
		if err == nil {
			return nil
		}
		if !later.MatchString(err.Error()) || ctx.Err() != nil {
			return fmt.Errorf("%v on node %d: %w", args, node, err)
		}
		if err := n.cluster.tick(); err != nil {
			return err
		}
	}
}

// later are errors that pass.
var later = regexp.MustCompile("^(ERR )*(MISCONF|TRYAGAIN|CLUSTERDOWN)")
