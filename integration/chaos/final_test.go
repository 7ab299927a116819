package chaos

import (
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/integration/chaos/history"
)

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
	c := r.cluster.connect(int(r.seed % uint64(len(r.cluster.members))))
	defer c.Close()
	return r.load.Final(c)
}

// clean removes the round's keys, so that rounds do not add up.
func (r *round) clean() error {
	began := time.Now()
	c := r.cluster.clientFor(0, patience) // leaders may still be on their way back to where they belong
	defer c.Close()
	keys := map[string]bool{r.name + ":probe": true}
	for i := range r.load.Streams {
		keys[r.load.StreamKey(i)] = true
	}
	for _, op := range r.ops {
		keys[op.Key] = true
	}
	for key := range keys {
		if err := c.Del(r.t.Context(), key).Err(); err != nil {
			return fmt.Errorf("clean up behind the round: %w", err)
		}
	}
	if took := time.Since(began); took > opTimeout {
		r.t.Logf("it took %v to clean up", took)
	}
	return nil
}
