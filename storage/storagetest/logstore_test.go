package storagetest_test

import (
	"testing"

	"github.com/hashicorp/raft"

	"github.com/millrace-io/millrace/storage/storagetest"
)

func TestInmemStore(t *testing.T) {
	storagetest.TestLogStore(t, storagetest.Harness{
		Open: func(testing.TB) raft.LogStore { return raft.NewInmemStore() },
	})
}

func TestTwin(t *testing.T) {
	var dir string
	open := func(t testing.TB) raft.LogStore {
		s, err := storagetest.OpenTwin(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() }) // closed before, if reopened
		return s
	}
	storagetest.TestLogStore(t, storagetest.Harness{
		Open: func(t testing.TB) raft.LogStore {
			dir = t.TempDir()
			return open(t)
		},
		Reopen: func(t testing.TB, s raft.LogStore) raft.LogStore {
			if err := s.(*storagetest.Twin).Close(); err != nil {
				t.Fatal(err)
			}
			return open(t)
		},
	})
}
