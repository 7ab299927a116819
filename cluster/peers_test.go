package cluster_test

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/cluster"
	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/storage/vfs"
)

const dir = "/data"

var update = flag.Bool("update", false, "rewrite the golden files")

func peers(cluster_ string, addrs ...string) *cluster.Peers {
	p := &cluster.Peers{Cluster: cluster_, Partitions: 3}
	for i, a := range addrs {
		p.Nodes = append(p.Nodes, meta.Node{ID: uint64(i + 1), Order: uint32(i + 1), Phase: meta.Member, Addr: a, Client: "c" + a, Name: "n"})
	}
	return p
}

func folder(t *testing.T) *vfs.Mem {
	m := vfs.NewMem()
	if err := m.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := m.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPeersComeBack(t *testing.T) {
	m := folder(t)
	if p, err := cluster.LoadPeers(m, dir); p != nil || err != nil {
		t.Fatalf("of an empty folder: %v, %v", p, err)
	}
	want := peers("c1", "h1:7001", "h2:7001")
	if err := cluster.SavePeers(m, dir, want); err != nil {
		t.Fatal(err)
	}
	got, err := cluster.LoadPeers(m, dir)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if a, ok := got.Addr(2); a != "h2:7001" || !ok {
		t.Errorf("address %s, %v", a, ok)
	}
	if err := cluster.RemovePeers(m, dir); err != nil {
		t.Fatal(err)
	}
	if p, err := cluster.LoadPeers(m.CrashKeepNothing(), dir); p != nil || err != nil {
		t.Fatalf("removed, and there: %v, %v", p, err)
	}
}

// Whenever the power fails while the file is written anew: it is the old one or the
// new one, and the new one for certain once SavePeers has returned. Without any of
// its syncs that is not so.
func TestPeersSurvivePowerLoss(t *testing.T) {
	for name, skip := range map[string]func(vfs.Op) bool{
		"":       func(vfs.Op) bool { return false },
		"file":   func(op vfs.Op) bool { return op.Kind == vfs.OpSync },
		"folder": func(op vfs.Op) bool { return op.Kind == vfs.OpSyncDir },
	} {
		seed := rand.Uint64()
		lost := lostPeers(t, seed, skip)
		if name == "" && lost != nil {
			t.Errorf("lost with all syncs in place (seed %d): %v", seed, lost)
		}
		if name != "" && lost == nil {
			t.Errorf("nothing is lost without the sync of the %s: the test proves nothing", name)
		}
	}
}

func lostPeers(t *testing.T, seed uint64, skip func(vfs.Op) bool) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	before, after := peers("c1", "h1:7001"), peers("c1", "h1:7001", strings.Repeat("h2", 3000))
	for step, finished := 0, false; !finished; step++ {
		m := folder(t)
		if err := cluster.SavePeers(m, dir, before); err != nil {
			t.Fatal(err)
		}
		hook, passed := vfs.StopAfter(step)
		err := cluster.SavePeers(vfs.WithFaults(m, func(op vfs.Op) error {
			if err := hook(op); err != nil {
				return err
			}
			if skip(op) {
				return vfs.ErrSkip
			}
			return nil
		}), dir, after)
		finished = passed() <= step
		for range 50 {
			got, lerr := cluster.LoadPeers(m.Crash(rng), dir)
			if lerr != nil {
				return lerr
			}
			if !reflect.DeepEqual(got, after) && (err == nil || !reflect.DeepEqual(got, before)) {
				return errors.New("neither what was written nor what was there")
			}
		}
	}
	return nil
}

func TestPeersOfVersion1(t *testing.T) {
	const file = "testdata/peers-v1.golden"
	m := folder(t)
	if err := cluster.SavePeers(m, dir, peers("c1", "h1:7001", "h2:7001")); err != nil {
		t.Fatal(err)
	}
	got := read(t, m)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != string(got) {
		t.Errorf("%v: %s, want %s", err, got, want)
	}
}

func TestPeersDamaged(t *testing.T) {
	m := folder(t)
	if err := cluster.SavePeers(m, dir, peers("c1", "h1:7001")); err != nil {
		t.Fatal(err)
	}
	whole := string(read(t, m))
	for name, text := range map[string]string{
		"empty": "", "cut": whole[:len(whole)/2], "changed": strings.Replace(whole, "h1", "h2", 1),
		"newer": strings.Replace(whole, `"format": 1`, `"format": 2`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			f, err := m.OpenFile(filepath.Join(dir, "peers.json"), os.O_RDWR|os.O_TRUNC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt([]byte(text), 0); err != nil {
				t.Fatal(err)
			}
			if p, err := cluster.LoadPeers(m, dir); p != nil || !errors.Is(err, cluster.ErrPeers) {
				t.Errorf("%v, %v", p, err)
			}
		})
	}
}

func read(t *testing.T, m *vfs.Mem) []byte {
	f, err := m.OpenFile(filepath.Join(dir, "peers.json"), os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size, _ := f.Size()
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}
