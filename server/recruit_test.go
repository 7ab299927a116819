package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/server/config"
)

// waiting has a node wait at an address to be told which cluster to join.
func waiting(addr string) func(*config.Config) {
	return func(c *config.Config) { c.ClusterAddr, c.Join = addr, "wait" }
}

// freeAddr is an address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestNodeThatWaitsIsAdded(t *testing.T) {
	first := start(t, newDisk(), clustered(nil))
	c := dial(t, first)
	c.must(t, "XADD k * f v")
	addr, disk := freeAddr(t), newDisk()
	launched := launch(t, disk, testConfig(clustered(nil), waiting(addr)))
	var reply any
	waitFor(t, "it waits and is added", func() bool { // it may not listen yet
		reply = c.do(t, "MILLRACE ADD "+addr)
		return reply == "OK"
	})
	<-launched.ready
	waitFor(t, "both are voters", func() bool { return first.votersEverywhere(2) })
	if n := dial(t, launched).must(t, "XLEN k"); n != int64(1) {
		t.Errorf("%v entries", n)
	}
	if reply = c.do(t, "MILLRACE ADD "+addr); !strings.Contains(fmt.Sprint(reply), "is in cluster "+first.folder.Node().ClusterID+" already") {
		t.Errorf("added again: %v", reply)
	}
	launched.stop(t)
	start(t, disk, clustered(nil), waiting(addr)) // the settings may stay
}

func TestNodeWithAClusterIsNotAdded(t *testing.T) {
	first, other := start(t, newDisk(), clustered(nil)), start(t, newDisk(), clustered(nil))
	for addr, says := range map[string]string{
		other.bus.Addr().String(): "only a node that was started with an empty folder and join set to wait can be added",
		first.bus.Addr().String(): "dialled itself",
		freeAddr(t):               "connection refused",
	} {
		reply := fmt.Sprint(dial(t, first).do(t, "MILLRACE ADD "+addr))
		if !strings.HasPrefix(reply, "ERR node at "+addr) || !strings.Contains(reply, says) {
			t.Errorf("%s: %s, want %s", addr, reply, says)
		}
		if of := strings.HasPrefix(says, "only"); of != strings.Contains(reply, "empty folder") {
			t.Errorf("%s: %s: says what to do about a cluster: %v", addr, reply, !of)
		}
	}
	for _, p := range []*process{first, other} {
		if nodes := p.place.State().Nodes(); len(nodes) != 1 {
			t.Errorf("nodes: %v", nodes)
		}
	}
}

// Who does not know the secret can't take a waiting node, and one whose folder has data waits
// for nobody.
func TestWaitingNodeIsCareful(t *testing.T) {
	stranger := start(t, newDisk(), clustered(nil), func(c *config.Config) { c.ClusterSecret = "guessed" })
	addr := freeAddr(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := open(ctx, Outside{FS: newDisk()}, testConfig(clustered(nil), waiting(addr)), discard)
		ended <- err
	}()
	waitFor(t, "it turns the stranger away", func() bool {
		return strings.Contains(fmt.Sprint(dial(t, stranger).do(t, "MILLRACE ADD "+addr)), "different cluster secrets")
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	disk := newDisk()
	alone := start(t, disk)
	dial(t, alone).must(t, "XADD k * f v")
	alone.stop(t)
	p := launch(t, disk, testConfig(clustered(nil), func(c *config.Config) { c.Partitions = 1 }, waiting(freeAddr(t))))
	if err := p.wait(t); err == nil || !strings.Contains(err.Error(), "the folder has the data of a node on its own") {
		t.Errorf("ended with %v", err)
	}
}

// A node that is told to stop while it waits for a cluster to join ends well.
func TestStopWhileItWaitsToJoin(t *testing.T) {
	for name, join := range map[string]string{"to be told": "wait", "for an answer": freeAddr(t)} {
		t.Run(name, func(t *testing.T) {
			said := make(chan struct{}, 1)
			logger := slog.New(slog.NewTextHandler(writerFunc(func(line []byte) (int, error) {
				if s := string(line); strings.Contains(s, "waiting to be told") || strings.Contains(s, "no node of the cluster answers") {
					select {
					case said <- struct{}{}:
					default:
					}
				}
				return len(line), nil
			}), nil))
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			c := testConfig(clustered(nil), func(c *config.Config) { c.Dir, c.Join = t.TempDir(), join })
			go func() { ended <- Run(ctx, c, logger, func(string) { t.Error("serves") }) }()
			select {
			case <-said:
			case <-time.After(patience):
				t.Error("does not wait")
			}
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
