package chaos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/millrace-io/millrace/integration/chaos/workload"
)

// opTimeout is how long a client waits for a reply, and patience how long where it must
// get one.
const (
	opTimeout = 5 * time.Second
	patience  = 60 * time.Second
)

// session is a client's connection, by go-redis.
type session struct {
	client  *redis.Client
	timeout time.Duration
}

// connect is a session of one node, which is dialled with the first command.
func (c *cluster) connect(i int) session {
	o := c.options(i, c.timeout)
	o.Protocol = 2
	return session{redis.NewClient(o), c.timeout}
}

// Close implements workload.Conn.
func (s session) Close() error { return s.client.Close() }

// Do implements workload.Conn.
func (s session) Do(commands ...[]string) (replies []any, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	p := s.client.Pipeline()
	for _, words := range commands {
		args := make([]any, len(words))
		for i, word := range words {
			args[i] = word
		}
		p.Do(ctx, args...)
	}
	all, _ := p.Exec(ctx) // each has its error
	for _, one := range all {
		value, err := one.(*redis.Cmd).Result()
		var reply redis.Error
		var network *net.OpError
		switch {
		case err == nil || errors.Is(err, redis.Nil):
			replies = append(replies, value)
		case errors.As(err, &network) && network.Op == "dial":
			return replies, fmt.Errorf("%w: %w", workload.ErrNotSent, err)
		case errors.As(err, &reply):
			replies = append(replies, workload.Error(err.Error()))
		default:
			return replies, err
		}
	}
	return replies, nil
}
