package snapshot_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/millrace-io/millrace/storage/snapshot"
)

func TestRawFormArrivesByteForByte(t *testing.T) {
	leader, follower := open(t, newMem(t)), open(t, newMem(t))
	must(t, save(leader, 10))
	r, err := leader.Open(leader.List()[0].ID)
	must(t, err)
	if _, _, err := r.Next(); err != nil { // a raw copy starts at the first byte all the same
		t.Fatal(err)
	}
	rc := r.Raw()
	w, err := follower.CreateRaw(r.Meta())
	must(t, err)
	n, err := io.Copy(w, iotest.OneByteReader(rc))
	must(t, err)
	must(t, rc.Close())
	must(t, w.Commit())
	if n != r.Size() || n != follower.List()[0].Bytes {
		t.Errorf("copied %d bytes, size %d, listed %d", n, r.Size(), follower.List()[0].Bytes)
	}
	wantContent(t, follower, follower.List()[0])
	if !bytes.Equal(raw(t, leader, leader.List()[0].ID), raw(t, follower, follower.List()[0].ID)) {
		t.Error("the bytes differ")
	}
}

func TestCreateTakesRawBytesToo(t *testing.T) {
	s := open(t, newMem(t))
	must(t, save(s, 10))
	b := raw(t, s, s.List()[0].ID)
	w, err := s.Create(metaAt(10))
	must(t, err)
	_, err = w.Write(b)
	must(t, err)
	must(t, w.Commit())
	wantIndexes(t, s, "10 10")
}

func TestRawAndSectionsDoNotMix(t *testing.T) {
	s := open(t, newMem(t))
	w, err := s.Create(metaAt(1))
	must(t, err)
	must(t, w.Section(1, nil))
	_, err = w.Write([]byte("x"))
	wantIs(t, err, snapshot.ErrMixed)
	w, err = s.CreateRaw(metaAt(1))
	must(t, err)
	wantIs(t, w.Section(1, nil), snapshot.ErrMixed)
}

func TestRawMustBeWhatWasAnnounced(t *testing.T) {
	leader := open(t, newMem(t))
	must(t, save(leader, 10))
	b := raw(t, leader, leader.List()[0].ID)
	rows := map[string]func(*snapshot.Meta){
		"index":               func(m *snapshot.Meta) { m.Index++ },
		"term":                func(m *snapshot.Meta) { m.Term++ },
		"configuration index": func(m *snapshot.Meta) { m.ConfigurationIndex++ },
	}
	for name, change := range rows {
		t.Run(name, func(t *testing.T) {
			s := open(t, newMem(t))
			m := metaAt(10)
			change(&m)
			w, err := s.CreateRaw(m)
			must(t, err)
			_, err = w.Write(b)
			must(t, err)
			var damage *snapshot.CorruptionError
			if err := w.Commit(); !errors.As(err, &damage) {
				t.Errorf("Commit = %v, want a CorruptionError", err)
			}
			wantIndexes(t, open(t, newMem(t)), "")
		})
	}
	t.Run("group", func(t *testing.T) {
		s, err := snapshot.Open(newMem(t), dir, group+1)
		must(t, err)
		w, err := s.CreateRaw(metaAt(10))
		must(t, err)
		_, err = w.Write(b)
		must(t, err)
		if w.Commit() == nil {
			t.Error("took a snapshot of another group")
		}
	})
}

func TestReaderOfAStream(t *testing.T) {
	s := open(t, newMem(t))
	must(t, save(s, 10))
	b := raw(t, s, s.List()[0].ID)
	src := bytes.NewReader(append(bytes.Clone(b), "what comes after it on the connection"...))
	r, err := snapshot.NewReader(iotest.HalfReader(src), int64(len(b)))
	must(t, err)
	must(t, checkContent(r, 10))
	if src.Len() != len("what comes after it on the connection") {
		t.Errorf("%d bytes left of the connection", src.Len())
	}
	if _, err := r.Raw().Read(make([]byte, 1)); err == nil {
		t.Error("a stream has no raw form to give again")
	}
	must(t, r.Close())
}

func TestReadErrorIsNotDamage(t *testing.T) {
	s := open(t, newMem(t))
	must(t, save(s, 10))
	b := raw(t, s, s.List()[0].ID)
	r, err := snapshot.NewReader(io.MultiReader(bytes.NewReader(b[:200]), iotest.ErrReader(io.ErrClosedPipe)), int64(len(b)))
	for err == nil {
		_, _, err = r.Next()
	}
	var damage *snapshot.CorruptionError
	if !errors.Is(err, io.ErrClosedPipe) || errors.As(err, &damage) {
		t.Errorf("error = %v, want the cause", err)
	}
}
