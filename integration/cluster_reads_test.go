package integration

import (
	"testing"

	"github.com/redis/go-redis/v9"
)

// A local read is what the node's own replica has: it needs no leader, and goes on when
// the other two are dead. In a cluster that redirects READONLY asks for the same.
func TestClusterLocalReads(t *testing.T) {
	for _, r := range []struct {
		name string
		args []string
		say  string
	}{
		{"reads local", []string{"--reads", "local"}, "PING"},
		{"READONLY", []string{"--routing", "redirect"}, "READONLY"},
	} {
		t.Run(r.name, func(t *testing.T) {
			c := serveCluster(t, r.args...)
			leader, last := c.leader(), c.follower()
			mustDo(t, c.nodes[leader].client(), "SET", "k", "v")
			mustDo(t, c.nodes[leader].client(), "XADD", "s", "1-1", "f", "v")
			reader := c.nodes[last].client()
			mustDo(t, reader, r.say)
			eventually(t, "the replica has the change", func() bool { return reader.XLen(t.Context(), "s").Val() == 1 })
			for i := range c.nodes {
				if i != last {
					c.nodes[i].kill()
				}
			}
			eventually(t, "the node knows that nobody leads", func() bool {
				err := c.nodes[last].client().Set(t.Context(), "k", "new", 0).Err()
				return redis.HasErrorPrefix(err, "CLUSTERDOWN") || redis.HasErrorPrefix(err, "TRYAGAIN") || redis.HasErrorPrefix(err, "UNCERTAIN")
			})
			if got := mustDo(t, reader, "GET", "k"); got != "v" {
				t.Errorf("with nobody else left GET shows %v", got)
			}
			if got := mustDo(t, reader, "XLEN", "s"); got != int64(1) {
				t.Errorf("with nobody else left XLEN shows %v", got)
			}
			c.nodes[last].kill()
		})
	}
}
