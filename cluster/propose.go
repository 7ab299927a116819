package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/replication"
)

// proposeWithin is how long a command to the meta group may take that nobody waits for.
const proposeWithin = 5 * time.Second

// RefusedError is the answer of the meta group to a command that it did not take.
type RefusedError struct{ Text string }

func (e *RefusedError) Error() string { return e.Text }

// reply is a replication.Replier for one who waits.
type reply chan []byte

func (r reply) Fill(b []byte) { r <- bytes.Clone(b) }

// propose has the meta group run a command, and returns when it was applied here. After
// an error of the context it may still be run: all commands can be given twice.
func (c *Cluster) propose(ctx context.Context, words ...string) (int64, error) {
	to := make(reply, 1)
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	c.meta.Submit([]*replication.Request{{Args: args, Class: replication.Log, To: to}})
	select {
	case <-ctx.Done():
		return 0, fmt.Errorf("meta group, %s: %w", words[0], ctx.Err())
	case b := <-to:
		return result(b)
	}
}

func result(b []byte) (int64, error) {
	text := string(bytes.TrimSuffix(b, []byte("\r\n")))
	switch {
	case text == "":
		return 0, errors.New("meta group: stopped")
	case text[0] == '-':
		return 0, &RefusedError{trimCode(text[1:])}
	}
	return strconv.ParseInt(text[1:], 10, 64)
}

// trimCode leaves out the word in capitals that an error of RESP begins with.
func trimCode(text string) string {
	const code = "ERR "
	if len(text) > len(code) && text[:len(code)] == code {
		return text[len(code):]
	}
	return text
}

// try is propose for what is tried again anyway.
func (c *Cluster) try(ctx context.Context, words ...string) {
	ctx, cancel := context.WithTimeout(ctx, proposeWithin)
	defer cancel()
	if _, err := c.propose(ctx, words...); err != nil && ctx.Err() == nil {
		c.o.Logger.Warn("meta group did not take a command", "command", words[0], "err", err)
	}
}

// Remove has a node leave the cluster, this one or another, up or down. It returns when
// that is decided; WaitGone waits until it is done.
func (c *Cluster) Remove(ctx context.Context, node uint64) error {
	_, err := c.propose(ctx, meta.CmdRemove, meta.FormatID(node))
	return err
}

// WaitGone waits until no group counts on a node any more.
func (c *Cluster) WaitGone(ctx context.Context, node uint64) error {
	ticker := time.NewTicker(busyPace)
	defer ticker.Stop()
	for {
		if _, there := c.State().Node(node); !there {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node %s is leaving, and still in a group: %w", meta.FormatID(node), ctx.Err())
		case <-ticker.C:
		}
	}
}

// Set makes a setting of the cluster, Unset takes it back.
func (c *Cluster) Set(ctx context.Context, key, value string) error {
	_, err := c.propose(ctx, meta.CmdSet, key, value)
	return err
}

// Unset takes a setting of the cluster back.
func (c *Cluster) Unset(ctx context.Context, key string) error {
	_, err := c.propose(ctx, meta.CmdUnset, key)
	return err
}
