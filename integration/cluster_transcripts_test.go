package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/commands/commandstest"
)

// followerDiffers are the sections of the transcripts that end otherwise on a node that
// does not lead, and why.
var followerDiffers = map[string]string{
	"cluster.txt CLUSTER":              "it is about a node on its own",
	"millrace.txt there is no cluster": "the same",
	"replicaof.txt nobody's replica":   "ROLE lists the other nodes",
	"server.txt ROLE":                  "the same",
	"server.txt WAIT":                  "a majority has what is acknowledged",
	"server.txt WAITAOF":               "the same",
	"server.txt in a transaction":      "the same",
}

// followerTarget is a node that does not lead.
type followerTarget struct{ *commandstest.TCP }

// Crossed implements commandstest.Partitioned: with one partition nothing is refused.
func (followerTarget) Crossed(string, string) {}

// Differs implements commandstest.Partitioned.
func (followerTarget) Differs(file, section string) string { return followerDiffers[file+" "+section] }

// Any node takes any command: the transcripts hold on a node that does not lead.
func TestTranscriptsOverFollower(t *testing.T) {
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			c := serveCluster(t, "--listener", listener, "--enable-debug-command", "yes")
			target, err := commandstest.DialTarget(c.nodes[c.follower()].addr)
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close()
			commandstest.PlayAll(t, transcripts, followerTarget{target})
			c.stop()
		})
	}
}

// memberOnly are commands that a member of a cluster answers otherwise than a Redis on
// its own, which has cluster support disabled and no replicas.
var memberOnly = []string{"asking", "cluster", "readonly", "readwrite", "role", "wait", "waitaof"}

// Nor can random commands tell a node that does not lead from a real Redis.
func TestDifferentialOverFollower(t *testing.T) {
	redis := startRedis(t)
	for _, listener := range listeners {
		t.Run(listener, func(t *testing.T) {
			c := serveCluster(t, "--listener", listener, "--redis-version", "7.4.0")
			d := newDuel(t, redis, c.nodes[c.follower()].addr)
			for _, f := range d.families {
				f.Shapes = slices.DeleteFunc(f.Shapes, func(shape string) bool {
					return slices.Contains(memberOnly, strings.ToLower(strings.Fields(shape)[0]))
				})
			}
			d.run(startSeed(), differentialBudget()/2)
			d.close()
			c.stop()
		})
	}
}
