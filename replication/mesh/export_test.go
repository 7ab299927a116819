package mesh

import "net"

// SpeakVersion makes a mesh of another version of the protocol.
func SpeakVersion(o *Options, version uint16) { o.version = version }

// nopConn is a connection that nobody reads or writes.
type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }
