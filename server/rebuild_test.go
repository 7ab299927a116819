package server

import (
	"fmt"
	"testing"
)

// The state is built again while others change it, wait for it and look at it: what
// was acknowledged stays, and those who wait are served. With -race: nobody looks at
// the state without its lock.
func TestRebuildBesideChanges(t *testing.T) {
	p := start(t, newDisk())
	writer, reader, other := dial(t, p), dial(t, p), dial(t, p)
	if err := reader.send("XREAD BLOCK 0 STREAMS s $"); err != nil {
		t.Fatal(err)
	}
	p.blocked(t, 1)
	const rebuilds = 20
	done := make(chan error, 1)
	go func() {
		for range rebuilds {
			if err := p.partitions[0].Rebuild(); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	written := 0
	for rebuilding := true; rebuilding; written++ {
		writer.must(t, fmt.Sprintf("SET k:%d v PX 100000", written))
		other.must(t, fmt.Sprintf("GET k:%d", written))
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			rebuilding = false
		default:
		}
	}
	if n := writer.must(t, "DBSIZE"); n != int64(written) {
		t.Errorf("%v keys, want %d", n, written)
	}
	writer.must(t, "XADD s 1-1 f v")
	if got, err := reader.receive(); err != nil || fmt.Sprint(got) != "[[s [[1-1 [f v]]]]]" {
		t.Errorf("the reader got %v, %v", got, err)
	}
	if err := p.stop(t); err != nil {
		t.Error(err)
	}
}
