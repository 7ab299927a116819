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
	found, _ := history.Judge(w.ops, final, decideIn)
	return found
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
	c, err := w.connect(node)
	if err != nil {
		return history.Final{}, err
	}
	defer c.Close()
	return w.load.Final(c)
}
