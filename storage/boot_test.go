package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/millrace-io/millrace/storage"
	"github.com/millrace-io/millrace/storage/vfs"
)

// A boot's number is higher than all before it, whatever a loss of power leaves.
func TestBootsAscendOverPowerLoss(t *testing.T) {
	const dir = "/node"
	mem := vfs.NewMem()
	last := uint64(0)
	for range 5 {
		f, err := storage.Open(mem, dir, storage.Options{
			Identity: func() (string, string, error) { return "1", "2", nil }, Now: time.Unix(1, 0),
		})
		if err != nil {
			t.Fatal(err)
		}
		boot, err := f.NextBoot()
		if err != nil || boot <= last {
			t.Fatalf("boot %d behind %d, %v", boot, last, err)
		}
		last = boot
		mem = mem.CrashKeepNothing()
	}
}

func TestDamagedBootStopsTheStart(t *testing.T) {
	mem := vfs.NewMem()
	f, err := storage.Open(mem, "/node", storage.Options{
		Identity: func() (string, string, error) { return "1", "2", nil }, Now: time.Unix(1, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteWhole("boot", []byte("many")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NextBoot(); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}
