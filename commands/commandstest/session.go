package commandstest

import (
	"io"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
	"github.com/millrace-io/millrace/resp/wire"
	"github.com/millrace-io/millrace/tracking"
)

// coreSession is a connection without a socket, as commands see it.
type coreSession struct {
	info   commands.ClientInfo
	authed bool
	mode   commands.ReplyMode
	skip   bool // silence the next reply
	closed bool
	subs   coreSubscriptions
	multi  bool // inside of a transaction, as far as a Core has them
}

var _ commands.Session = (*coreSession)(nil)

func newCoreSession(p wire.Proto, authenticated bool, registry *pubsub.Registry) *coreSession {
	s := &coreSession{authed: authenticated}
	s.subs.Subscriber, s.subs.registry = pubsub.NewSubscriber(s), registry
	s.info = commands.ClientInfo{
		ID: 1, Addr: "127.0.0.1:50000", LocalAddr: "127.0.0.1:6379", FD: 7,
		Created: CoreTime, LastUsed: CoreTime, User: "default", Proto: p,
	}
	return s
}

func (s *coreSession) ID() uint64                        { return s.info.ID }
func (s *coreSession) Proto() wire.Proto                 { return s.info.Proto }
func (s *coreSession) SetProto(p wire.Proto)             { s.info.Proto = p }
func (s *coreSession) DB() int                           { return s.info.DB }
func (s *coreSession) SelectDB(n int)                    { s.info.DB = n }
func (s *coreSession) Authenticated() bool               { return s.authed }
func (s *coreSession) User() string                      { return s.info.User }
func (s *coreSession) Name() string                      { return s.info.Name }
func (s *coreSession) SetName(name string)               { s.info.Name = name }
func (s *coreSession) CloseAfterReply()                  { s.closed = true }
func (s *coreSession) Info() commands.ClientInfo         { return s.info }
func (s *coreSession) SetReplyMode(m commands.ReplyMode) { s.mode = m }

func (s *coreSession) Login(user string) { s.authed, s.info.User = true, user }

func (s *coreSession) SetLib(attribute, value string) {
	if attribute == "lib-name" {
		s.info.LibName = value
	} else {
		s.info.LibVer = value
	}
}

// Multi begins a transaction and reports whether it was not in one.
func (s *coreSession) Multi() bool {
	begun := !s.multi
	s.multi = true
	return begun
}

// Discard ends a transaction and reports whether there was one.
func (s *coreSession) Discard() bool {
	ended := s.multi
	s.multi = false
	return ended
}

// Tracking is kept and has no consequences: a Core has one connection.
func (s *coreSession) Tracking() tracking.Status { return s.info.Tracking }
func (s *coreSession) StopTracking()             { s.info.Tracking = tracking.Status{} }
func (s *coreSession) SetCaching()               { s.info.Tracking.Caching = true }

func (s *coreSession) Track(o tracking.Options) { s.info.Tracking.Start(o) }

// SetReadOnly is kept and has no consequences: a Core has one replica.
func (s *coreSession) SetReadOnly(on bool) { s.info.ReadOnly = on }

// Unwatch has nothing to do: a Core watches no keys.
func (s *coreSession) Unwatch() {}

// Monitor is refused: a Core has nothing to show but its own commands.
func (s *coreSession) Monitor() bool { return false }

func (s *coreSession) SetNoEvict(on bool) { s.info.NoEvict = on }
func (s *coreSession) SetNoTouch(on bool) { s.info.NoTouch = on }

func (s *coreSession) Reset(authenticated bool) {
	s.unsubscribeAll()
	s.StopTracking()
	s.authed, s.mode, s.multi = authenticated, commands.ReplyOn, false
	s.info.Name, s.info.DB, s.info.Proto, s.info.User = "", 0, wire.RESP2, "default"
}

// admit is what a session checks before it runs a command.
func (s *coreSession) admit(cmd *commands.Command) error {
	if s.Proto() == wire.RESP2 && s.Subscribed() && !cmd.InSubscribed {
		return commands.ErrInSubscribed(cmd)
	}
	if !s.authed && cmd.Flags&commands.NoAuth == 0 {
		return commands.ErrNoAuth
	}
	return nil
}

// voice returns the reply, or nil where CLIENT REPLY silences it.
func (s *coreSession) voice(reply []byte) []byte {
	silent := s.skip || s.mode == commands.ReplyOff
	s.skip = s.mode == commands.ReplySkip
	if s.skip {
		s.mode = commands.ReplyOn
	}
	if silent || len(reply) == 0 {
		return nil
	}
	return reply
}

// open fails once the connection has been closed.
func (s *coreSession) open() error {
	if s.closed {
		return io.EOF
	}
	return nil
}
