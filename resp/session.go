package resp

import (
	"net"
	"sync"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/replication"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

// home is where a session lives: the one goroutine that runs its turns.
type home interface {
	// touch says, from any goroutine, that there is something to do for s. It is
	// called with s.touched newly set; the home clears it when it takes its turn.
	touch(s *Session)
	// submit hands requests over to the router, at the latest when the entry that is
	// on its way has been applied. The slice is the caller's again on return.
	submit(reqs []*replication.Request)
}

// ending is how far the end of a session has come.
type ending uint8

const (
	open     ending = iota
	closing         // runs nothing more; closes when all replies are sent
	severing        // closes at once
)

// Session is one connection: it runs requests in their order and queues the
// replies. It implements commands.Session. What stands above the lock belongs to
// the session's home.
type Session struct {
	id      uint64
	server  *Server
	home    home
	pool    *pool
	stats   *homeStats
	created time.Time
	remote  string
	local   string
	unix    string // path of the unix socket that the client connected to; else ""
	fd      int

	parser parser
	// received counts bytes since the last pass, now is the home's time.
	received int
	now      time.Time
	// fresh are slots of this pass that are not in the queue yet, reqs those of
	// them that go to the router.
	fresh      slotList
	freshCount int
	// freshWaiting of them are not filled.
	freshWaiting int
	freshBytes   int
	freshReply   int
	reqs         []*replication.Request
	// wait is the slot before whose reply nothing more is run.
	wait *slot
	// base is the load when the pass began, see load.
	base load
	// stopped: the last pass ended though there may have been more to run.
	stopped bool
	// full: held back because the router is full.
	full bool
	// ended: the client sends nothing more, and all it sent was read.
	ended bool
	// hungUp: the client has shut down its side; what it sent may not all be read.
	hungUp  bool
	end     ending
	skip    bool // CLIENT REPLY SKIP: the next slot is silent
	spoke   bool // CLIENT REPLY ON was run, so its own reply is sent
	mode    commands.ReplyMode
	authed  bool
	tx      *transaction // nil outside of MULTI
	lastCmd *commands.Command
	pubsub  subscriptions
	track   trackedSession
	// postponed is a request that CLIENT PAUSE holds back: it has no place in the
	// queue yet, and nothing behind it is run.
	postponed *slot
	// statsOf and statsAre are the last answer of commandStats.
	statsOf  *commands.Command
	statsAre *CommandStats

	// mu covers all below; home alone writes what is marked so, and may read it
	// without the lock.
	mu            sync.Mutex
	queue         slotList // not filled, or behind such a one
	done          slotList // filled and popped, for the home to take back
	unfilled      int
	unfilledBytes int
	kept          int    // bytes of replies in filled slots of the queue
	out           []byte // replies to be sent
	writing       int    // bytes that the home has taken from out and not yet sent (home)
	soft          softClock
	touched       bool // the home knows that there is something to do
	cut           bool // to be closed at once
	overflow      bool // cut for its output
	closed        bool // the connection is gone; slots may still be filled (home)
	info          sessionInfo
}

// sessionInfo is what others may ask about a session (home).
type sessionInfo struct {
	name, libName, libVer string
	user                  string
	db                    int
	proto                 wire.Proto
	command               *commands.Command
	lastUsed              time.Time
	commands              uint64
	netIn, netOut         uint64
	buffered              int
	blocked               bool
	postponed             bool // held back by a pause
	monitor               bool
	noEvict, noTouch      bool
	readOnly              bool
	closing               bool
	inMulti               bool
	queued                int
	watches               []replication.Watched // filled in by WATCH's outcome
	watching              map[watchedAt]bool    // where they are
	tracking              tracking.Status
}

var _ commands.Session = (*Session)(nil)

func (srv *Server) newSession(h home, p *pool, stats *homeStats, from, to net.Addr) *Session {
	now := time.Now()
	s := &Session{
		id: srv.lastID.Add(1), server: srv, home: h, pool: p, stats: stats,
		created: now, remote: from.String(), local: to.String(), unix: unixPath(to),
		authed: srv.node.NoPassword(), now: now,
	}
	s.parser.pool = p
	if s.unix != "" {
		s.remote, s.local = s.unix+":0", s.unix+":0" // as Redis shows both ends
	}
	s.info = sessionInfo{proto: wire.RESP2, lastUsed: now}
	if s.authed {
		s.info.user = defaultUser
	}
	return s
}

const defaultUser = "default"

// ID is the number of the connection, never used again.
func (s *Session) ID() uint64 { return s.id }

// Proto is the protocol that the client speaks.
func (s *Session) Proto() wire.Proto { return s.info.proto }

// SetProto changes the protocol, for the reply of the command that asks for it
// already.
func (s *Session) SetProto(p wire.Proto) { s.change(func(i *sessionInfo) { i.proto = p }) }

// DB is the database selected.
func (s *Session) DB() int { return s.info.db }

// SelectDB selects a database.
func (s *Session) SelectDB(n int) { s.change(func(i *sessionInfo) { i.db = n }) }

// Authenticated reports whether a user is logged in.
func (s *Session) Authenticated() bool { return s.authed }

// User is the name of the user that is logged in, "" for none.
func (s *Session) User() string { return s.info.user }

// Login logs a user in.
func (s *Session) Login(user string) {
	s.authed = true
	s.change(func(i *sessionInfo) { i.user = user })
}

// Name is what CLIENT SETNAME set.
func (s *Session) Name() string { return s.info.name }

// SetName names the connection.
func (s *Session) SetName(name string) { s.change(func(i *sessionInfo) { i.name = name }) }

// SetLib sets lib-name or lib-ver.
func (s *Session) SetLib(attribute, value string) {
	s.change(func(i *sessionInfo) {
		if attribute == "lib-name" {
			i.libName = value
		} else {
			i.libVer = value
		}
	})
}

// SetReplyMode is CLIENT REPLY. In mode off, skip changes nothing.
func (s *Session) SetReplyMode(m commands.ReplyMode) {
	switch m {
	case commands.ReplyOn:
		s.mode, s.skip, s.spoke = m, false, true
	case commands.ReplyOff:
		s.mode = m
	case commands.ReplySkip:
		s.skip = s.mode != commands.ReplyOff
	}
}

// SetReadOnly implements commands.Session.
func (s *Session) SetReadOnly(on bool) { s.change(func(i *sessionInfo) { i.readOnly = on }) }

// SetNoEvict implements commands.Session.
func (s *Session) SetNoEvict(on bool) { s.change(func(i *sessionInfo) { i.noEvict = on }) }

// SetNoTouch implements commands.Session.
func (s *Session) SetNoTouch(on bool) { s.change(func(i *sessionInfo) { i.noTouch = on }) }

// Reset puts the connection back to where it began, the library's name apart.
func (s *Session) Reset(authenticated bool) {
	s.unsubscribeAll()
	s.StopTracking()
	s.unmonitor()
	s.endTransaction()
	s.SetReplyMode(commands.ReplyOn)
	s.authed = authenticated
	s.change(func(i *sessionInfo) {
		i.name, i.db, i.proto, i.user = "", 0, wire.RESP2, ""
		i.noEvict, i.noTouch, i.readOnly = false, false, false
		if authenticated {
			i.user = defaultUser
		}
	})
}

// CloseAfterReply closes the connection once all replies are sent; nothing that
// was pipelined behind the command is run.
func (s *Session) CloseAfterReply() {
	if s.end == open {
		s.end = closing
		s.change(func(i *sessionInfo) { i.closing = true })
	}
}

// unlockTouched gives the lock back and lets the home know that there is something to
// do, unless it knows already. It is called from any goroutine.
func (s *Session) unlockTouched() {
	touch := !s.touched
	s.touched = true
	s.mu.Unlock()
	if touch {
		s.home.touch(s)
	}
}

// change writes what others may read.
func (s *Session) change(fn func(*sessionInfo)) {
	s.mu.Lock()
	fn(&s.info)
	s.mu.Unlock()
}
