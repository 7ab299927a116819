package mesh

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// verdict is how one side ends its part of the handshake.
type verdict uint8

const (
	accepted verdict = iota // with a proof of the secret
	refused                 // with the reason, which both sides log
	notNow                  // with the reason: what the connection is for is not open here (yet)
	isCopy                  // with a proof of the secret and the reason: another process is this node
	denied                  // the same: the other has shown the secret, and is not let in all the same
)

const (
	maxReason = 512
	// The two proofs differ by these, so that none can be sent back to its sender.
	dialsLabel   = "millrace mesh: the dialling side"
	acceptsLabel = "millrace mesh: the accepting side"
	// The proofs of refusals that may end a process: nobody else may bring that about.
	copiedLabel = "millrace mesh: the accepting side knows another process: "
	deniedLabel = "millrace mesh: the accepting side does not let in: "
	proofSize   = sha256.Size
)

// RefusedError is the end of a handshake that one of the two sides refused. The
// reason names both.
type RefusedError struct {
	// ByPeer: the other side refused, and the reason is its words.
	ByPeer bool
	Reason string
	// NotNow: nothing is wrong, but what the connection was for is not open there.
	NotNow bool
	// TLS: one side does not take the other's certificate, or has no TLS at all. It
	// names no node: none has said yet which it is.
	TLS bool
	// Copied: another process runs, or was started since, as the refused one's node.
	Copied bool

	// OtherCluster: the two sides belong to different clusters.
	OtherCluster bool
	// Proven: it is the other side that refused, and it has shown that it knows the secret.
	// Only such a refusal may end more than the connection.
	Proven bool

	proof []byte // as received
}

func (e *RefusedError) Error() string {
	if e.ByPeer {
		return "refused by the peer: " + e.Reason
	}
	return "refused: " + e.Reason
}

func refuse(format string, args ...any) error {
	return &RefusedError{Reason: fmt.Sprintf(format, args...)}
}

// party is one side of a handshake.
type party struct {
	self    Identity
	secret  []byte
	version uint16
}

func (p party) hello(for_ purpose, group uint32) (hello, error) {
	h := hello{Identity: p.self, version: p.version, purpose: for_, group: group}
	if _, err := rand.Read(h.nonce[:]); err != nil {
		return h, err
	}
	return h, h.encode()
}

// dial is the handshake of the dialling side. want is the node that should answer, 0
// for whoever does.
func (p party) dial(rw io.ReadWriter, want uint64, for_ purpose, group uint32) (Identity, error) {
	mine, err := p.hello(for_, group)
	if err != nil {
		return Identity{}, err
	}
	if _, err := rw.Write(mine.raw); err != nil {
		return Identity{}, err
	}
	theirs, err := readHello(rw, p.version)
	if err != nil {
		return Identity{}, err
	}
	if theirs.version != p.version {
		// The other side has seen it as well and waits for nothing.
		return theirs.Identity, p.otherVersion(theirs)
	}
	if err := p.checkAnswering(theirs, want, for_); err != nil {
		return theirs.Identity, errors.Join(err, writeRefusal(rw, err))
	}
	if err := writeVerdict(rw, accepted, p.proof(dialsLabel, mine, theirs)); err != nil {
		return theirs.Identity, err
	}
	proof, err := readVerdict(rw)
	if err != nil {
		return theirs.Identity, p.proven(err, mine, theirs)
	}
	if !hmac.Equal(proof, p.proof(acceptsLabel, mine, theirs)) {
		return theirs.Identity, p.otherSecret(theirs)
	}
	return theirs.Identity, nil
}

// accept is the handshake of the accepting side. judge says why a peer that knows the
// secret is not let in all the same.
func (p party) accept(rw io.ReadWriter, judge func(hello) error) (hello, error) {
	theirs, err := readHello(rw, p.version)
	if err != nil {
		return hello{}, err
	}
	mine, err := p.hello(0, 0)
	if err != nil {
		return theirs, err
	}
	if _, err := rw.Write(mine.raw); err != nil {
		return theirs, err
	}
	if theirs.version != p.version {
		return theirs, p.otherVersion(theirs)
	}
	proof, err := readVerdict(rw)
	if err != nil {
		return theirs, err
	}
	if !hmac.Equal(proof, p.proof(dialsLabel, theirs, mine)) {
		err := p.otherSecret(theirs)
		return theirs, errors.Join(err, writeRefusal(rw, err))
	}
	if err = p.checkIDs(theirs, theirs.purpose); err == nil {
		err = judge(theirs)
	}
	if err != nil {
		return theirs, errors.Join(err, p.turnAway(rw, err, theirs, mine))
	}
	return theirs, writeVerdict(rw, accepted, p.proof(acceptsLabel, theirs, mine))
}

// proof shows that its maker knows the secret, in this very handshake and on this
// side of it.
func (p party) proof(label string, dials, accepts hello) []byte {
	mac := hmac.New(sha256.New, p.secret)
	mac.Write([]byte(label))
	mac.Write(dials.raw)
	mac.Write(accepts.raw)
	return mac.Sum(nil)
}

// proven is a refusal that the dialling side has read, when its proof holds or it has none.
func (p party) proven(err error, mine, theirs hello) error {
	var r *RefusedError
	if !errors.As(err, &r) || r.proof == nil {
		return err
	}
	if !hmac.Equal(r.proof, p.proof(r.label()+r.Reason, mine, theirs)) {
		return p.otherSecret(theirs)
	}
	r.Proven = true
	return err
}

func (e *RefusedError) label() string {
	if e.Copied {
		return copiedLabel
	}
	return deniedLabel
}

func (p party) otherVersion(h hello) error {
	return refuse("node %x speaks version %d of the protocol between nodes, node %x version %d", p.self.Node, p.version, h.Node, h.version)
}

func (p party) otherSecret(h hello) error {
	return refuse("node %x and node %x have different cluster secrets", p.self.Node, h.Node)
}

// checkAnswering is what the dialling side checks before it shows a proof.
func (p party) checkAnswering(h hello, want uint64, for_ purpose) error {
	if err := p.checkIDs(h, for_); err != nil {
		return err
	}
	if want != 0 && h.Node != want {
		return refuse("node %x dialled node %x, and node %x answers at that address", p.self.Node, want, h.Node)
	}
	return nil
}

// checkIDs is what both sides check.
func (p party) checkIDs(h hello, for_ purpose) error {
	switch {
	case sameProcess(h.Identity, p.self):
		return refuse("node %x has dialled itself", p.self.Node)
	case h.Node == p.self.Node:
		return refuse("two processes run as node %x, at %s and at %s: the folder of one is a copy of the other's", p.self.Node, p.self.Addr, h.Addr)
	case h.Cluster == p.self.Cluster && h.Cluster != "":
		return nil
	case h.Cluster != "" && p.self.Cluster != "":
		return &RefusedError{OtherCluster: true,
			Reason: fmt.Sprintf("node %x belongs to cluster %q, node %x to cluster %q", p.self.Node, p.self.Cluster, h.Node, h.Cluster)}
	case for_ == forCalls:
		return nil
	}
	return refuse("node %x (cluster %q) and node %x (cluster %q) are not in one cluster (yet): only calls, no %v",
		p.self.Node, p.self.Cluster, h.Node, h.Cluster, for_)
}

func writeRefusal(w io.Writer, err error) error {
	reason, v := err.Error(), refused
	var r *RefusedError
	if errors.As(err, &r) {
		reason = r.Reason
		if r.NotNow {
			v = notNow
		}
	}
	return writeVerdict(w, v, []byte(reason[:min(len(reason), maxReason)]))
}

// turnAway is writeRefusal to a dialling side that has shown the secret: what it is told may
// end it, so this side shows that it knows the secret, too.
func (p party) turnAway(w io.Writer, err error, dials, accepts hello) error {
	var r *RefusedError
	if !errors.As(err, &r) || r.NotNow {
		return writeRefusal(w, err)
	}
	v := denied
	if r.Copied {
		v = isCopy
	}
	reason := printable([]byte(r.Reason)) // as the other side will read it
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	return writeVerdict(w, v, append(p.proof(r.label()+reason, dials, accepts), reason...))
}

func writeVerdict(w io.Writer, v verdict, body []byte) error {
	out := append(make([]byte, 0, 3+len(body)), byte(v))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(body)))
	_, err := w.Write(append(out, body...))
	return err
}

// readVerdict returns the other side's proof, or its refusal as an error.
func readVerdict(r io.Reader) ([]byte, error) {
	var head [3]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int(binary.LittleEndian.Uint16(head[1:]))
	if size > proofSize+maxReason {
		return nil, errHello
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	switch v := verdict(head[0]); v {
	case accepted:
		return body, nil
	case refused, notNow:
		return nil, &RefusedError{ByPeer: true, Reason: printable(body), NotNow: v == notNow}
	case isCopy, denied:
		if size < proofSize {
			return nil, errHello
		}
		return nil, &RefusedError{ByPeer: true, Copied: v == isCopy, Reason: printable(body[proofSize:]), proof: body[:proofSize]}
	}
	return nil, errHello
}

// printable keeps what a peer says from breaking out of our log line.
func printable(text []byte) string {
	out := []rune(string(text))
	for i, r := range out {
		if r < ' ' || r == 0x7f {
			out[i] = '?'
		}
	}
	return string(out)
}
