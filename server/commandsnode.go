package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
)

// node is the node as commands see it.
type node struct{ n *Node }

var _ commands.Node = node{}

func (v node) Config() commands.Config { return v.n.live }

// CheckPassword compares digests, so that the time taken tells nothing about the
// password, not even its length.
func (v node) CheckPassword(user, password []byte) bool {
	if string(user) != "default" {
		return false
	}
	if v.NoPassword() {
		return true
	}
	want, got := sha256.Sum256([]byte(v.n.live.Config().RequirePass)), sha256.Sum256(password)
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (v node) NoPassword() bool { return v.n.live.Config().RequirePass == "" }

// Databases is one where clients are sent to the leaders, as in Redis Cluster.
func (v node) Databases() int {
	c := v.n.live.Config()
	if v.n.redirects() {
		return 1
	}
	return c.Databases
}

func (v node) RedisVersion() string { return v.n.live.Config().RedisVersion }

func (v node) EachClient(fn func(commands.ClientInfo)) { v.n.front.EachClient(fn) }

func (v node) Unblock(id uint64, withError bool, done func(bool)) {
	if v.n.place != nil && !v.n.front.HasClient(id) {
		v.n.place.unblock(id, withError, done)
		return
	}
	v.n.front.Unblock(id, withError, done)
}

func (v node) HasClient(id uint64) bool { return v.n.front.HasClient(id) }

func (v node) Pause(until time.Time, writesOnly bool, done func()) {
	v.n.pause(until, writesOnly, done)
}

func (v node) Unpause() { v.n.front.Unpause() }

func (v node) PubSub() *pubsub.Registry { return v.n.front.PubSub() }

// Cluster is nil on a node on its own.
func (v node) Cluster() commands.Cluster { return v.n.cluster }

func (v node) InfoSections(names []string) string { return v.n.info(names) }
