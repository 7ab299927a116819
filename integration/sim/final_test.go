package sim

import (
	"fmt"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

// decideIn is the time for a search of one key: of the bubble's, in which nothing passes
// while it searches, so what bounds a search is that histories of a key are short.
const decideIn = time.Minute

// resumed waits until every node takes writes again.
func (w *world) resumed() error {
	for i := range w.members {
		err := w.until(resumeIn, func() error {
			_, err := w.ask(i, "SET", "probe", strconv.Itoa(i))
			return err
		})
		if err != nil {
			return fmt.Errorf("node %d takes no writes after everything was healed: %w", i, err)
		}
	}
	return nil
}

// judge compares what the clients saw with what is left.
func (w *world) judge() []string {
	digests, err := w.settle()
	if err != nil {
		return append(history.Equal(digests), fmt.Sprint("the state of the nodes does not come to rest: ", err))
	}
	final, err := w.final(w.rng.IntN(nodes))
	if err != nil {
		return []string{fmt.Sprint("read the final state: ", err)}
	}
	found := history.Entries(w.ops, final)
	found = append(found, history.Streams(w.ops, final)...)
	found = append(found, history.Groups(w.ops, final)...)
	acks, _ := history.Acks(w.ops, final, decideIn)
	texts, _ := history.Registers(w.ops, decideIn)
	return append(append(found, acks...), texts...)
}

// settle waits until all nodes hold the same state, and go on to: what clients gave up
// has come to its end everywhere.
func (w *world) settle() (digests map[string]string, err error) {
	var last string
	calm := 0
	err = w.until(resumeIn, func() error {
		digests = map[string]string{}
		for i := range w.members {
			reply, err := w.ask(i, "DEBUG", "DIGEST")
			if err != nil {
				return err
			}
			digests[fmt.Sprint("node", i)], _ = reply.(string)
		}
		if len(history.Equal(digests)) > 0 || digests["node0"] != last {
			calm, last = 0, digests["node0"]
			return fmt.Errorf("%v", digests)
		}
		if calm++; calm < 4 {
			return fmt.Errorf("%v, for now", digests)
		}
		return nil
	})
	return digests, err
}

// final reads what the streams hold, through one node.
func (w *world) final(node int) (history.Final, error) {
	final := history.Final{Streams: map[string]history.Stream{}}
	c, err := w.connect(node)
	if err != nil {
		return final, err
	}
	defer c.Close()
	for i := range streams {
		s, err := readStream(c, streamKey(i))
		if err != nil {
			return final, err
		}
		final.Streams[streamKey(i)] = s
	}
	return final, nil
}

func readStream(c *conn, key string) (s history.Stream, err error) {
	replies, err := c.do([]string{"XRANGE", key, "-", "+"}, []string{"XINFO", "STREAM", key}, []string{"XLEN", key})
	if err != nil {
		return s, err
	}
	if s.Entries, err = entriesOf(replies[0]); err != nil {
		return s, err
	}
	s.Added, _ = pairs(replies[1])["entries-added"].(int64)
	s.Length, _ = replies[2].(int64)
	g, err := readGroup(c, key, len(s.Entries)+1)
	s.Groups = map[string]history.Group{group: g}
	return s, err
}

func readGroup(c *conn, key string, count int) (g history.Group, err error) {
	replies, err := c.do([]string{"XINFO", "GROUPS", key}, []string{"XPENDING", key, group},
		[]string{"XPENDING", key, group, "-", "+", strconv.Itoa(count)})
	if err != nil {
		return g, err
	}
	groups, _ := replies[0].([]any)
	if len(groups) != 1 {
		return g, fmt.Errorf("groups of %s: %v", key, groups)
	}
	last, _ := pairs(groups[0])["last-delivered-id"].(string)
	if g.LastDelivered, err = history.ParseID(last); err != nil {
		return g, err
	}
	g.PerConsumer = map[string]int64{}
	if summary, _ := replies[1].([]any); len(summary) == 4 {
		consumers, _ := summary[3].([]any)
		for _, one := range consumers {
			pair := one.([]any)
			n, err := strconv.ParseInt(pair[1].(string), 10, 64)
			if err != nil {
				return g, err
			}
			g.PerConsumer[pair[0].(string)] = n
		}
	}
	pending, _ := replies[2].([]any)
	for _, one := range pending {
		p := one.([]any)
		id, err := history.ParseID(p[0].(string))
		if err != nil {
			return g, err
		}
		g.Pending = append(g.Pending, history.Pending{ID: id, Consumer: p[1].(string),
			Idle: time.Duration(p[2].(int64)) * time.Millisecond, Count: p[3].(int64)})
	}
	return g, nil
}
