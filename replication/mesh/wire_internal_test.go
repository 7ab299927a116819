package mesh

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// script is a connection whose other side has said all that it will ever say.
type script struct {
	io.Reader
	said bytes.Buffer
}

func (s *script) Write(p []byte) (int, error) { return s.said.Write(p) }

func sample() hello {
	h := hello{
		Identity: Identity{Node: 0x1122, Boot: 0x3344, Instance: 0x5566, Cluster: "c0ffee", Addr: "10.0.0.1:7000"},
		version:  protocol, purpose: forRaft, group: 7,
	}
	copy(h.nonce[:], "01234567890123456789012345678901")
	return h
}

// The wire format of version 2 stays as it is: a change is another version.
func TestWireFormat(t *testing.T) {
	h := sample()
	if err := h.encode(); err != nil {
		t.Fatal(err)
	}
	p := party{self: h.Identity, secret: []byte("open sesame"), version: protocol}
	var refusal, proof, copy, denial bytes.Buffer
	writeRefusal(&refusal, refuse("node 1 is not welcome"))
	writeVerdict(&proof, accepted, p.proof(dialsLabel, h, h))
	p.turnAway(&copy, copied("node 1 runs elsewhere"), h, h)
	p.turnAway(&denial, refuse("node 1 was removed"), h, h)
	out := newOutbox(1 << 20)
	out.add([]byte{9}, []byte("message "), []byte("body"))
	out.add(nil)
	frames, _ := out.take(nil)

	var text strings.Builder
	for _, part := range []struct {
		name  string
		bytes []byte
	}{{"hello", h.raw}, {"refusal", refusal.Bytes()}, {"proof", proof.Bytes()}, {"copy", copy.Bytes()}, {"denial", denial.Bytes()}, {"frames", frames[0]}} {
		text.WriteString(part.name + "\n" + hex.Dump(part.bytes))
	}
	const golden = "testdata/wire.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("the wire format is\n%s\nand was\n%s", text.String(), want)
	}
}

func TestHelloComesBack(t *testing.T) {
	h := sample()
	if err := h.encode(); err != nil {
		t.Fatal(err)
	}
	got, err := readHello(bytes.NewReader(h.raw), protocol)
	if err != nil || got.Identity != h.Identity || got.nonce != h.nonce || got.purpose != h.purpose || got.group != h.group {
		t.Errorf("%+v, %v", got, err)
	}
	h.Cluster = strings.Repeat("c", 256)
	if err := h.encode(); err == nil {
		t.Error("a cluster id of 256 bytes is taken")
	}
}

func TestOtherVersionIsNamed(t *testing.T) {
	raw := append([]byte(magic), 9, 0, 3, 0)
	raw = binary.LittleEndian.AppendUint64(raw, 0xabc)
	raw = append(raw, "???"...)
	s := &script{Reader: bytes.NewReader(raw)}
	_, err := (party{self: Identity{Node: 1}, version: protocol}).accept(s, nil)
	var refused *RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "node abc version 9") {
		t.Errorf("got %v", err)
	}
	if !bytes.HasPrefix(s.said.Bytes(), []byte(magic)) {
		t.Errorf("the other side is answered %q", s.said.Bytes())
	}
}

// An answer of one's own cannot be played back.
func TestReflectedHandshake(t *testing.T) {
	p := party{self: Identity{Node: 1, Boot: 1, Cluster: "c"}, secret: []byte("s"), version: protocol}
	mine, err := p.hello(forMessages, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := mine
	theirs.Node, theirs.Boot = 2, 2
	if err := theirs.encode(); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(p.proof(dialsLabel, mine, theirs), p.proof(acceptsLabel, mine, theirs)) ||
		bytes.Equal(p.proof(dialsLabel, mine, theirs), p.proof(dialsLabel, theirs, mine)) {
		t.Error("the proofs of the two sides are the same")
	}
}

// Nobody but who knows the secret can have a process end.
func TestWordThatEndsAProcessNeedsTheSecret(t *testing.T) {
	for name, row := range map[string]struct {
		secret string
		says   error
		proven bool
		means  string
	}{
		"a copy":           {"s", copied("node 1 runs elsewhere"), true, "node 1 runs elsewhere"},
		"not let in":       {"s", refuse("node 1 was\nremoved"), true, "node 1 was?removed"},
		"a stranger":       {"another", copied("node 1 runs elsewhere"), false, "different cluster secrets"},
		"removed, forged":  {"another", refuse("node 1 was removed"), false, "different cluster secrets"},
		"without a proof":  {"", refuse("node 1 was removed"), false, "node 1 was removed"},
		"for now, and not": {"s", &RefusedError{NotNow: true, Reason: "later"}, false, "later"},
	} {
		t.Run(name, func(t *testing.T) {
			refused := refusedBy(t, row.secret, row.says)
			if refused == nil || refused.Proven != row.proven || !strings.Contains(refused.Reason, row.means) {
				t.Errorf("%+v", refused)
			}
		})
	}
}

// refusedBy is what a dialling side that knows the secret s makes of a refusal by one that knows
// another, or shows none at all.
func refusedBy(t *testing.T, secret string, says error) *RefusedError {
	dials := party{self: Identity{Node: 1, Boot: 1, Cluster: "c"}, secret: []byte("s"), version: protocol}
	accepts := party{self: Identity{Node: 2, Boot: 1, Cluster: "c"}, secret: []byte(secret), version: protocol}
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() {
		theirs, err := readHello(far, protocol)
		mine, _ := accepts.hello(0, 0)
		if err == nil {
			_, err = far.Write(mine.raw)
		}
		if err == nil {
			_, err = readVerdict(far)
		}
		switch {
		case err != nil:
		case secret == "":
			err = writeRefusal(far, says)
		default:
			err = accepts.turnAway(far, says, theirs, mine)
		}
		done <- err
	}()
	_, err := dials.dial(near, 2, forCalls, 0)
	if err := <-done; err != nil {
		t.Error(err)
	}
	var refused *RefusedError
	errors.As(err, &refused)
	return refused
}

func TestFrameTakesMemoryAsItArrives(t *testing.T) {
	arrives := append(binary.LittleEndian.AppendUint32(nil, 500<<20), make([]byte, 1000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readFrame(bufio.NewReader(bytes.NewReader(arrives)), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("1000 bytes took %d of memory", took)
	}
	tooLong := binary.LittleEndian.AppendUint32(nil, maxFrame+1)
	if _, err := readFrame(bufio.NewReader(bytes.NewReader(tooLong)), nil); !errors.Is(err, errFrame) {
		t.Errorf("got %v", err)
	}
}

func TestOutboxBound(t *testing.T) {
	out := newOutbox(1000)
	if !out.add([]byte{1}, make([]byte, 5000)) {
		t.Error("what is larger than the bound does not go even alone")
	}
	if out.add([]byte{1}) {
		t.Error("added behind it")
	}
	chunks, _ := out.take(nil)
	if out.add([]byte{1}) {
		t.Error("added while it is being written")
	}
	out.written(chunks)
	for range 100 {
		if !out.add([]byte{1}, make([]byte, 5)) {
			t.Fatal("refused below the bound")
		}
	}
	if out.add([]byte{1}, make([]byte, 5)) {
		t.Error("added beyond the bound")
	}
	out.close()
	if out.add([]byte{1}) {
		t.Error("added to a closed outbox")
	}
}

func FuzzHandshake(f *testing.F) {
	h := sample()
	if err := h.encode(); err != nil {
		f.Fatal(err)
	}
	var proof, refusal bytes.Buffer
	writeVerdict(&proof, accepted, make([]byte, 32))
	writeRefusal(&refusal, refuse("no"))
	f.Add(append(bytes.Clone(h.raw), proof.Bytes()...))
	f.Add(append(bytes.Clone(h.raw), refusal.Bytes()...))
	f.Add([]byte("*1\r\n$4\r\nPING\r\n"))
	p := party{self: Identity{Node: 1, Boot: 1, Cluster: "c0ffee"}, secret: []byte("s"), version: protocol}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := p.accept(&script{Reader: bytes.NewReader(data)}, func(hello) error { return nil }); err == nil {
			t.Error("somebody who does not know the secret is let in")
		}
		if _, err := p.dial(&script{Reader: bytes.NewReader(data)}, 0, forMessages, 0); err == nil {
			t.Error("somebody who does not know the secret is believed")
		}
		h, err := readHello(bytes.NewReader(data), protocol)
		if err != nil || h.version != protocol {
			return
		}
		again := h
		if err := again.encode(); err != nil || !bytes.Equal(again.raw, h.raw) {
			t.Errorf("hello %x comes back as %x, %v", h.raw, again.raw, err)
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3}, uint8(1))
	f.Add([]byte{255, 255, 255, 255}, uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, cut uint8) {
		out, want := newOutbox(1<<20), [][]byte{}
		for rest := data; len(rest) > 0; {
			n := min(len(rest), int(cut)+1)
			out.add(rest[:n/2], rest[n/2:n])
			want, rest = append(want, rest[:n]), rest[n:]
		}
		chunks, _ := out.take(nil)
		r := bufio.NewReader(bytes.NewReader(bytes.Join(chunks, nil)))
		var buf []byte
		for _, w := range want {
			var err error
			if buf, err = readFrame(r, buf); err != nil || !bytes.Equal(buf, w) {
				t.Fatalf("%x comes back as %x, %v", w, buf, err)
			}
		}
		// Whatever arrives: no panic, and no more memory than a few times of it.
		for r := bufio.NewReader(bytes.NewReader(data)); ; {
			got, err := readFrame(r, nil)
			if err != nil {
				break
			}
			if len(got) > len(data) {
				t.Fatalf("%d bytes out of %d", len(got), len(data))
			}
		}
	})
}

// Each purpose of a peer has its bound, the oldest gives way; another boot makes all
// give way.
func TestRegistryReplaces(t *testing.T) {
	var r registry
	open := func(boot uint64, p purpose, group uint32) (*held, int) {
		h := r.hold(nopConn{})
		r.claim(h, Identity{Node: 1, Boot: boot}, p, group, true)
		replaced, _ := r.establish(h)
		for _, old := range replaced {
			r.release(old)
		}
		return h, len(replaced)
	}
	first, n := open(1, forMessages, 0)
	if n != 0 {
		t.Errorf("%d replaced by the first", n)
	}
	second, n := open(1, forMessages, 0)
	if _, open := r.open[first]; n != 1 || open {
		t.Errorf("%d replaced, the first open: %v", n, open)
	}
	for i := range 40 {
		if _, n := open(1, forRaft, uint32(i%2)); n != 0 && i < 32 || n != 1 && i >= 32 {
			t.Errorf("Raft connection %d replaces %d", i, n)
		}
	}
	if _, open := r.open[second]; !open || len(r.open) != 33 {
		t.Errorf("%d open, the link: %v", len(r.open), open)
	}
	if _, n := open(2, forCalls, 0); n != 33 || len(r.open) != 1 {
		t.Errorf("a new boot replaces %d, %d are open", n, len(r.open))
	}
	r.end()
	if r.hold(nopConn{}) != nil {
		t.Error("held after the end")
	}
}

// A peer that was silent and is back keeps the connections that it has made since.
func TestSilenceSparesNewConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r registry
		open := func(node uint64) (near, far net.Conn) {
			near, far = net.Pipe()
			h := r.hold(near)
			r.claim(h, Identity{Node: node}, forRaft, 0, true)
			return near, far
		}
		_, old := open(1)
		_, other := open(2)
		time.Sleep(silence)
		_, young := open(1)
		r.closeSilent(1)
		for name, row := range map[string]struct {
			conn net.Conn
			open bool
		}{"before": {old, false}, "since": {young, true}, "of another": {other, true}} {
			row.conn.SetDeadline(time.Now().Add(time.Millisecond))
			if _, err := row.conn.Read(make([]byte, 1)); (err != io.EOF) != row.open {
				t.Errorf("connection %s: %v", name, err)
			}
		}
	})
}
