package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// page is how many entries one command reads of the final state.
const page = 1000

// resumed waits until every node takes writes again.
func (r *round) resumed() (time.Duration, error) {
	began := time.Now()
	for i := range r.cluster.members {
		if err := r.writes(i, began.Add(resumeIn)); err != nil {
			return 0, fmt.Errorf("node %d takes no writes %v after everything was healed: %w", i, resumeIn, err)
		}
	}
	return time.Since(began), nil
}

func (r *round) writes(i int, until time.Time) error {
	c := r.cluster.client(i)
	defer c.Close()
	for {
		err := c.Set(r.t.Context(), r.name+":probe", i, 0).Err()
		if err == nil || time.Now().After(until) {
			return err
		}
		if err := r.cluster.tick(); err != nil {
			return err
		}
	}
}

// settle waits until all nodes hold the same state, and go on to: what clients gave up
// has come to its end everywhere.
func (r *round) settle() (digests map[string]string, same bool) {
	var last string
	calm := 0
	for end := time.Now().Add(resumeIn); time.Now().Before(end); {
		var err error
		if digests, err = r.digests(); err == nil && len(history.Equal(digests)) == 0 && digests["node0"] == last {
			if calm++; calm == 4 {
				return digests, true
			}
		} else {
			calm, last = 0, digests["node0"]
		}
		if r.cluster.tick() != nil {
			break
		}
	}
	return digests, false
}

// digests are the hashes of all nodes' states, each of its own replica.
func (r *round) digests() (map[string]string, error) {
	all := map[string]string{}
	var errs []error
	for i := range r.cluster.members {
		c := r.cluster.client(i)
		d, err := c.Do(r.t.Context(), "DEBUG", "DIGEST").Text()
		c.Close()
		all[fmt.Sprint("node", i)] = d
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// final reads what the round's streams hold.
func (r *round) final() (history.Final, error) {
	c := r.cluster.client(int(r.seed % uint64(len(r.cluster.members))))
	defer c.Close()
	final := history.Final{Streams: map[string]history.Stream{}}
	for i := range streams {
		s, err := readStream(r.t.Context(), c, r.streamKey(i))
		if err != nil {
			return final, err
		}
		final.Streams[r.streamKey(i)] = s
	}
	return final, nil
}

func readStream(ctx context.Context, c *redis.Client, key string) (s history.Stream, err error) {
	for from := "-"; ; {
		messages, err := c.XRangeN(ctx, key, from, "+", page).Result()
		if err != nil {
			return s, err
		}
		entries, err := entriesOf(messages)
		if err != nil {
			return s, err
		}
		s.Entries = append(s.Entries, entries...)
		if len(messages) < page {
			break
		}
		from = "(" + messages[page-1].ID
	}
	info, err := c.XInfoStream(ctx, key).Result()
	if err != nil {
		return s, err
	}
	s.Added = info.EntriesAdded
	if s.Length, err = c.XLen(ctx, key).Result(); err != nil {
		return s, err
	}
	g, err := readGroup(ctx, c, key)
	s.Groups = map[string]history.Group{group: g}
	return s, err
}

func readGroup(ctx context.Context, c *redis.Client, key string) (g history.Group, err error) {
	infos, err := c.XInfoGroups(ctx, key).Result()
	if err != nil {
		return g, err
	}
	if len(infos) != 1 || infos[0].Name != group {
		return g, fmt.Errorf("groups of %s: %v", key, infos)
	}
	if g.LastDelivered, err = history.ParseID(infos[0].LastDeliveredID); err != nil {
		return g, err
	}
	summary, err := c.XPending(ctx, key, group).Result()
	if err != nil {
		return g, err
	}
	g.PerConsumer = summary.Consumers
	for from := "-"; ; {
		pending, err := c.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: key, Group: group, Start: from, End: "+", Count: page}).Result()
		if err != nil {
			return g, err
		}
		for _, p := range pending {
			id, err := history.ParseID(p.ID)
			if err != nil {
				return g, err
			}
			g.Pending = append(g.Pending, history.Pending{ID: id, Consumer: p.Consumer, Idle: p.Idle, Count: p.RetryCount})
		}
		if len(pending) < page {
			return g, nil
		}
		from = "(" + pending[page-1].ID
	}
}

// clean removes the round's keys, so that rounds do not add up.
func (r *round) clean() error {
	c := r.cluster.client(0)
	defer c.Close()
	keys := map[string]bool{r.name + ":probe": true}
	for i := range streams {
		keys[r.streamKey(i)] = true
	}
	for _, op := range r.ops {
		keys[op.Key] = true
	}
	for key := range keys {
		if err := c.Del(r.t.Context(), key).Err(); err != nil {
			return err
		}
	}
	return nil
}
