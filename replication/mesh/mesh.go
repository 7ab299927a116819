package mesh

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	handshakeTime = 5 * time.Second
	// maxGreeting bounds the connections whose handshake is not over: before it,
	// anybody can open them.
	maxGreeting  = 128
	defaultQueue = 64 << 20
)

var (
	// ErrNoSecret is returned by Run, and by whatever dials, when neither a secret nor
	// TLS is given and Options do not allow that.
	ErrNoSecret = errors.New("no cluster secret and no TLS between nodes: refusing to run without authentication")
	// ErrEnded is returned by whatever dials after Run has returned.
	ErrEnded = errors.New("mesh has ended")
	// ErrUnknownNode is returned when Resolve has no address for a node.
	ErrUnknownNode = errors.New("address of the node is not known")
)

// Kind of a message or call. Its constants live with who uses them.
type Kind uint8

// Options of a mesh. Self, Listener and Resolve must be given.
type Options struct {
	// Self says who this node is. Its cluster may be empty until it has joined one.
	Self func() Identity
	// Secret is shared by all nodes of the cluster and never crosses the wire.
	Secret string
	// TLS: all connections are TLS, and both sides show certificates that the other
	// verifies (ClientCAs and RootCAs stand in for each other). With or without Secret.
	TLS *tls.Config
	// NoAuthentication allows to run with neither Secret nor TLS.
	NoAuthentication bool

	Listener net.Listener
	// Dial connects to an address; nil: TCP.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// Resolve says at which address a node's listener is reached.
	Resolve func(node uint64) (addr string, ok bool)
	// Admit says why a peer that knows the secret is not let in, nil: it is. A peer
	// whose Cluster is empty has not joined yet and can only call. nil admits all.
	Admit func(peer Identity) error
	// Copied is told that a peer turns this process away for good, as another one runs,
	// or has been started since, as the same node: going on would do harm. It may be
	// told more than once. The connection waits for it, nothing else.
	Copied func(reason *RefusedError)
	// QueueBytes bounds what waits to be sent to one peer; 0: 64 MiB.
	QueueBytes int
	Logger     *slog.Logger

	version uint16 // of the protocol; other than ours in tests only
}

// Mesh is a node's connections to the others. Handle, HandleCall and Watch are called
// before Run; all other methods at any time, from any goroutine.
type Mesh struct {
	options Options
	logger  *slog.Logger
	told    limiter
	fence   fence
	// instance tells this process from any other one, even of a copied folder.
	instance uint64

	messages [256]func(from Identity, body []byte)
	handlers [256]func(ctx context.Context, from Identity, body []byte) ([]byte, error)
	watchers []func(peer uint64, up bool)

	held     registry
	running  sync.WaitGroup // every goroutine that Run must wait for
	greeting chan struct{}  // a place for each connection in its handshake

	links atomic.Pointer[map[uint64]*link] // replaced as a whole, under mu

	mu         sync.Mutex      // covers all below
	ctx        context.Context // Run's, nil before it: what links and callers that come later run under
	ended      bool
	parting    map[uint64]chan struct{} // ends of links to nodes that are no peers any more
	callers    map[uint64]*caller
	transports map[uint32]*transport
}

// New makes a mesh; nothing runs before Run, but it can dial.
func New(o Options) *Mesh {
	if o.QueueBytes <= 0 {
		o.QueueBytes = defaultQueue
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = dialTCP
	}
	if o.version == 0 {
		o.version = protocol
	}
	if o.Admit == nil {
		o.Admit = func(Identity) error { return nil }
	}
	m := &Mesh{
		options:    o,
		logger:     o.Logger,
		greeting:   make(chan struct{}, maxGreeting),
		parting:    map[uint64]chan struct{}{},
		callers:    map[uint64]*caller{},
		transports: map[uint32]*transport{},
	}
	var instance [8]byte
	rand.Read(instance[:]) // never fails, by its documentation
	m.instance = binary.LittleEndian.Uint64(instance[:])
	m.links.Store(&map[uint64]*link{})
	return m
}

// Handle sets what is called for messages of the kind: in their order for each peer,
// one at a time. It must not block for long, as what the same peer sent behind waits;
// body is valid during the call.
func (m *Mesh) Handle(kind Kind, fn func(from Identity, body []byte)) { m.messages[kind] = fn }

// HandleCall sets what answers calls of the kind. Calls run side by side. The context
// ends when the caller gave up or is gone; body stays valid.
func (m *Mesh) HandleCall(kind Kind, fn func(ctx context.Context, from Identity, body []byte) ([]byte, error)) {
	m.handlers[kind] = fn
}

// Watch adds a function that is told when the link to a peer has come up (messages can
// be sent from now on) or has gone down (what was queued is lost): in turns, never at
// the same time for the same peer. It must not block.
func (m *Mesh) Watch(fn func(peer uint64, up bool)) { m.watchers = append(m.watchers, fn) }

// Run accepts, dials and keeps the links until ctx ends. When it returns every
// connection is closed and no goroutine is left. It can be called once.
func (m *Mesh) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := m.usable(); err != nil {
		return err
	}
	m.mu.Lock()
	m.ctx = ctx
	for _, l := range *m.links.Load() {
		m.startLocked(l)
	}
	m.mu.Unlock()

	stop := context.AfterFunc(ctx, func() { _ = m.options.Listener.Close() })
	defer stop()
	err := m.accept(ctx)
	cancel()
	m.end()
	return err
}

// Disconnect closes every connection of a node. It may connect again, unless Admit
// refuses it from before this call.
func (m *Mesh) Disconnect(node uint64) {
	m.held.closeAll(func(h *held) bool { return h.purpose != 0 && h.peer.Node == node })
}

// usable reports whether connections may be made at all.
func (m *Mesh) usable() error {
	if o := m.options; o.Secret == "" && o.TLS == nil && !o.NoAuthentication {
		return ErrNoSecret
	}
	return nil
}

// end closes everything and waits for it.
func (m *Mesh) end() {
	_ = m.options.Listener.Close()
	m.mu.Lock()
	m.ended = true
	var open []*transport
	for _, t := range m.transports {
		open = append(open, t)
	}
	m.mu.Unlock()
	m.held.end()
	for _, t := range open {
		_ = t.Close()
	}
	m.running.Wait()
}

// run starts a goroutine that Run waits for; false when the mesh has ended.
func (m *Mesh) run(fn func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return false
	}
	m.running.Go(fn)
	return true
}

// self is who this process is.
func (m *Mesh) self() Identity {
	id := m.options.Self()
	id.Instance = m.instance
	return id
}

// background is the context of Run, or before that one which does not end.
func (m *Mesh) background() context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx == nil {
		return context.Background()
	}
	return m.ctx
}

func (m *Mesh) party() party {
	return party{self: m.self(), secret: []byte(m.options.Secret), version: m.options.version}
}

// logRefusal says once a minute, not at each try, that somebody was refused.
func (m *Mesh) logRefusal(err error, peer uint64, addr string) {
	var r *RefusedError
	switch {
	case !errors.As(err, &r):
	case r.NotNow || !m.told.first(r.Error()):
		m.logger.Debug("connection refused", "node", fmt.Sprintf("%x", peer), "addr", addr, "reason", r.Reason, "by_peer", r.ByPeer)
	default:
		m.logger.Warn("connection refused", "node", fmt.Sprintf("%x", peer), "addr", addr, "reason", r.Reason, "by_peer", r.ByPeer)
	}
}
