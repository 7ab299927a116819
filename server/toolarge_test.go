package server

import (
	"strings"
	"testing"

	"github.com/millrace-io/millrace/server/config"
)

// A command that is larger than cluster-max-entry is refused by whichever node it comes to, in its
// place among the others of its connection, and holds up nothing.
func TestCommandBeyondClusterMaxEntry(t *testing.T) {
	nodes, _ := threeNodes(t, func(c *config.Config) { c.ClusterMaxEntry = 2 << 20 })
	fits, large := strings.Repeat("v", 2<<20-1000), strings.Repeat("v", 2<<20)
	want := func(t *testing.T, c *client, replies ...string) {
		t.Helper()
		for i, prefix := range replies {
			reply, err := c.receive()
			text, _ := reply.(string)
			if e, ok := reply.(errReply); ok {
				text = string(e)
			}
			if err != nil || !strings.HasPrefix(text, prefix) {
				t.Errorf("reply %d: %.60q, %v, want %s", i, text, err, prefix)
			}
		}
	}
	const refused = "ERR command of 2097"
	for i, p := range nodes {
		c := dial(t, p)
		if err := c.send("SET {k}a 1", "SET {k}b "+large, "SET {k}b "+fits, "SET {k}a "+large, "GET {k}a"); err != nil {
			t.Fatal(err)
		}
		want(t, c, "OK", refused, "OK", refused, "1")
		half := large[:len(large)/2]
		if err := c.send("MULTI", "SET {k}c "+half, "SET {k}c "+half, "EXEC", "SET {k}a 2"); err != nil {
			t.Fatal(err)
		}
		want(t, c, "OK", "QUEUED", "QUEUED", refused, "OK")
		if n := c.must(t, "EXISTS {k}c"); n != int64(0) {
			t.Errorf("node %d: a refused transaction was run", i)
		}
	}
	alone := dial(t, start(t, newDisk(), func(c *config.Config) { c.ClusterMaxEntry = 2 << 20 }))
	if reply := alone.must(t, "SET k "+large); reply != "OK" {
		t.Errorf("a node on its own: %v", reply)
	}
}
