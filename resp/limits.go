package resp

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
)

// Limits are the bounds on clients. They can be changed while the server runs.
type Limits struct {
	// MaxClients is the number of connections served at a time.
	MaxClients int
	// ProtoMaxBulkLen is the longest argument.
	ProtoMaxBulkLen int64
	// ClientQueryBuffer bounds the sum of one request: what was received of it and
	// what its next header announces, bookkeeping included.
	ClientQueryBuffer int64
	// Output bounds replies that wait to be sent to a normal client.
	Output OutputLimit
	// PubSubOutput is Output for a client with subscriptions, or in MONITOR.
	PubSubOutput OutputLimit
	// Timeout closes connections that were idle for so long; 0: never.
	Timeout time.Duration
	// TCPKeepalive is the interval of keep-alive probes; 0: none.
	TCPKeepalive time.Duration
	// ProtectedMode turns away peers from other machines while no password is set.
	ProtectedMode bool
}

// DefaultLimits are those of Redis.
func DefaultLimits() Limits {
	return Limits{
		MaxClients:        10000,
		ProtoMaxBulkLen:   512 << 20,
		ClientQueryBuffer: 1 << 30,
		PubSubOutput:      OutputLimit{Hard: 32 << 20, Soft: 8 << 20, SoftFor: time.Minute},
		TCPKeepalive:      300 * time.Second,
		ProtectedMode:     true,
	}
}

// ListenerKind chooses how connections are served.
type ListenerKind string

// The kinds of listener. Auto takes epoll where there is one and no TLS.
const (
	ListenerAuto   ListenerKind = "auto"
	ListenerEpoll  ListenerKind = "epoll"
	ListenerRedcon ListenerKind = "redcon"
)

// Options are what a server is made with.
type Options struct {
	// Listener is the kind of listener, "" means auto.
	Listener ListenerKind
	// TLS, when set, is spoken on every connection over TCP; it needs the redcon listener.
	TLS *tls.Config
	// Loops is the number of epoll loops; 0: half of GOMAXPROCS, at least one.
	Loops int
	// Limits at the start; the zero value means DefaultLimits.
	Limits Limits
	// MaxUnfinished and MaxUnfinishedBytes bound what one session has unfinished:
	// 0 means 1024 commands and 1 MiB. A single larger request runs alone.
	MaxUnfinished      int
	MaxUnfinishedBytes int
	// MaxUnsent is where a session without a limit on its output is held back until
	// its client has read: 0 means 1 MiB.
	MaxUnsent int
	// TrackedKeys is how many keys are remembered for clients with tracking; 0: any
	// number.
	TrackedKeys int
	// Redirect sends clients to the leaders of slots, as Redis Cluster does, instead of
	// serving them through any node.
	Redirect bool
	// Published, when set, is told of what clients publish, once those connected here
	// have got it.
	Published func(k pubsub.Kind, channel, payload []byte)
	// Listen takes a TCP address; nil: the system's. What else it returns than the
	// system's listeners needs the redcon listener.
	Listen func(addr string) (net.Listener, error)
	// Unpaused is called when a pause has ended, from any goroutine; nil: nobody asks.
	Unpaused func()
	// Served, when set, is told of each command that a session has served itself, and
	// how long that took up to now. It keeps nothing of what it gets.
	Served func(c *commands.Command, args [][]byte, by Requester, took time.Duration)
}

// Requester is who sent a request.
type Requester interface {
	// Client is its address, and the name that it gave itself.
	Client() (addr, name string)
}

func (o Options) withDefaults() Options {
	if o.Listener == "" {
		o.Listener = ListenerAuto
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.MaxUnfinished <= 0 {
		o.MaxUnfinished = 1024
	}
	if o.MaxUnfinishedBytes <= 0 {
		o.MaxUnfinishedBytes = 1 << 20
	}
	if o.MaxUnsent <= 0 {
		o.MaxUnsent = 1 << 20
	}
	return o
}

// Limits on a client that has not logged in, as in Redis.
const (
	maxUnauthenticatedArgs  = 10
	maxUnauthenticatedBulk  = 16384
	maxUnauthenticatedQuery = 1 << 20
)

// parseLimits are the limits that hold for the request being parsed.
type parseLimits struct {
	bulk          int64
	query         int64
	authenticated bool
}

func (l *Limits) parse(authenticated bool) parseLimits {
	p := parseLimits{bulk: l.ProtoMaxBulkLen, query: l.ClientQueryBuffer, authenticated: authenticated}
	if !authenticated {
		p.query = min(p.query, maxUnauthenticatedQuery)
	}
	return p
}
