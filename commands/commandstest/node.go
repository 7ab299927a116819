package commandstest

import (
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/pubsub"
)

// coreNode is a node around a Core, as commands see it.
type coreNode struct {
	config coreConfig
	pubsub *pubsub.Registry
	slow   coreSlowLog
	denied commands.ACLLog
	// cluster is nil on a node on its own.
	cluster commands.Cluster
}

var _ commands.Node = (*coreNode)(nil)

func newCoreNode() *coreNode {
	return &coreNode{pubsub: pubsub.New(), config: coreConfig{pairs: [][2]string{
		{"databases", "16"}, {"maxmemory", "0"}, {"requirepass", ""}, {"timeout", "0"}, {"tcp-keepalive", "300"},
	}}}
}

func (n *coreNode) Config() commands.Config { return &n.config }
func (n *coreNode) NoPassword() bool        { return n.password() == "" }
func (n *coreNode) Databases() int          { return 16 }
func (n *coreNode) RedisVersion() string    { return "7.4.0" }
func (n *coreNode) password() string        { return n.config.Match("requirepass")[0][1] }

func (n *coreNode) CheckPassword(user, password []byte) bool {
	return string(user) == "default" && (n.NoPassword() || string(password) == n.password())
}

// EachClient calls fn for none: a Core has no list of its connections.
func (n *coreNode) EachClient(func(commands.ClientInfo)) {}

// PubSub is the core's own: it has one subscriber.
func (n *coreNode) PubSub() *pubsub.Registry { return n.pubsub }

// HasClient knows the one connection.
func (n *coreNode) HasClient(id uint64) bool { return id == 1 }

// Pause holds nothing back: who would send it has just asked for the pause.
func (n *coreNode) Pause(_ time.Time, _ bool, done func()) { done() }

// Unpause has nothing to end.
func (n *coreNode) Unpause() {}

// Unblock finds nobody: nobody waits in a Core.
func (n *coreNode) Unblock(_ uint64, _ bool, done func(bool)) { done(false) }

func (n *coreNode) Cluster() commands.Cluster { return n.cluster }

func (n *coreNode) InfoSections(names []string) string {
	if len(names) == 0 || slices.Contains(names, "server") {
		return "# Server\r\nredis_version:" + n.RedisVersion() + "\r\n"
	}
	return ""
}

// coreConfig is a few settings.
type coreConfig struct{ pairs [][2]string }

// Match implements commands.Config. An exact name comes back as it was written.
func (c *coreConfig) Match(pattern string) (found [][2]string) {
	for _, p := range c.pairs {
		if ok, _ := path.Match(strings.ToLower(pattern), p[0]); !ok {
			continue
		}
		if strings.EqualFold(pattern, p[0]) {
			p[0] = pattern
		}
		found = append(found, p)
	}
	return found
}

// Set implements commands.Config.
func (c *coreConfig) Set(pairs [][2]string) error {
	changed := slices.Clone(c.pairs)
	var seen []string
	for _, p := range pairs {
		i := slices.IndexFunc(changed, func(q [2]string) bool { return strings.EqualFold(p[0], q[0]) })
		switch {
		case i < 0:
			return errors.New("ERR Unknown option or number of arguments for CONFIG SET - '" + p[0] + "'")
		case slices.Contains(seen, changed[i][0]):
			return setFailed(p[0], "duplicate parameter")
		case changed[i][0] == "databases":
			return setFailed(p[0], "can't set immutable config")
		}
		seen = append(seen, changed[i][0])
		changed[i][1] = p[1]
	}
	c.pairs = changed
	return nil
}

func setFailed(name, reason string) error {
	return errors.New("ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason)
}

// Rewrite implements commands.Config: there is no file.
func (c *coreConfig) Rewrite() error {
	return errors.New("ERR The server is running without a config file")
}

// ResetStat implements commands.Config.
func (c *coreConfig) ResetStat() {}
