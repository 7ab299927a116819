package load

import (
	"fmt"
	"sync"
	"time"
)

// Each runs fn side by side on every connection and returns how long all of them
// took, and the first error.
func Each(conns []*Conn, fn func(i int, c *Conn) error) (time.Duration, error) {
	return SideBySide(len(conns), func(i int) error { return fn(i, conns[i]) })
}

// SideBySide is Each for clients of any kind, n of them.
func SideBySide(n int, fn func(i int) error) (time.Duration, error) {
	var wg sync.WaitGroup
	errs := make(chan error, n)
	started := time.Now()
	for i := range n {
		wg.Go(func() {
			if err := fn(i); err != nil {
				errs <- fmt.Errorf("connection %d: %w", i, err)
			}
		})
	}
	wg.Wait()
	took := time.Since(started)
	select {
	case err := <-errs:
		return took, err
	default:
		return took, nil
	}
}

// Pipeline sends n commands in pipelines of depth, and reads every reply; next
// makes the i-th.
func (c *Conn) Pipeline(n, depth int, next func(i int) []byte) error {
	for sent := 0; sent < n; {
		batch := min(depth, n-sent)
		for i := range batch {
			if err := c.Send(next(sent + i)); err != nil {
				return err
			}
		}
		if err := c.Flush(); err != nil {
			return err
		}
		for range batch {
			if _, err := c.Receive(); err != nil {
				return err
			}
		}
		sent += batch
	}
	return nil
}
