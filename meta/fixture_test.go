package meta_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/millrace-io/millrace/meta"
)

var seedFlag = flag.Uint64("seed", 0, "seed of the random commands; 0 draws one")

func newRand(t *testing.T) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func apply(s *meta.State, words ...string) (uint64, error) {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	return s.Apply(args)
}

func must(t *testing.T, s *meta.State, words ...string) uint64 {
	t.Helper()
	n, err := apply(s, words...)
	if err != nil {
		t.Fatalf("%v: %v", words, err)
	}
	return n
}

// begun is a cluster of one: node 1.
func begun(t *testing.T) *meta.State {
	s := &meta.State{}
	must(t, s, meta.CmdBegin, "c1", "3", id(1), "h1:7001", "", "")
	return s
}

func id(n uint64) string { return meta.FormatID(n) }

// sections are a snapshot in memory.
type sections struct {
	kinds  []uint8
	bodies [][]byte
	at     int
}

func (s *sections) Section(kind uint8, body []byte) error {
	s.kinds, s.bodies = append(s.kinds, kind), append(s.bodies, append([]byte(nil), body...))
	return nil
}

func (s *sections) Next() (uint8, []byte, error) {
	if s.at == len(s.kinds) {
		return 0, nil, io.EOF
	}
	s.at++
	return s.kinds[s.at-1], s.bodies[s.at-1], nil
}

func dump(t *testing.T, s *meta.State) *sections {
	t.Helper()
	var to sections
	if err := s.Snapshot(&to); err != nil {
		t.Fatal(err)
	}
	return &to
}

func text(s *sections) string { return fmt.Sprintf("%v %q", s.kinds, s.bodies) }

func wantIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}
