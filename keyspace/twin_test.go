package keyspace_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/groups"
	"github.com/millrace-io/millrace/idmp"
	"github.com/millrace-io/millrace/keyspace"
	"github.com/millrace-io/millrace/streams"
)

// twin is a state as plain maps.
type twin struct {
	keys map[string]*twinKey // "db/name"
}

type twinKey struct {
	text     string
	stream   bool
	entries  map[uint64]string
	last     uint64
	groups   map[string]map[uint64]string // pending entries and their owners
	recorded map[uint64]uint64            // iids of one producer, and the IDs they stand for
	deadline int64
	version  uint64
}

func (k *twinKey) String() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%v deadline %d version %d", k.stream, k.deadline, k.version)
	if !k.stream {
		return w.String() + " " + k.text
	}
	fmt.Fprintf(&w, " last %d", k.last)
	for _, id := range slices.Sorted(maps.Keys(k.entries)) {
		fmt.Fprintf(&w, " %d=%s", id, k.entries[id])
	}
	for _, g := range slices.Sorted(maps.Keys(k.groups)) {
		fmt.Fprintf(&w, " group %s:", g)
		for _, id := range slices.Sorted(maps.Keys(k.groups[g])) {
			fmt.Fprintf(&w, " %d->%s", id, k.groups[g][id])
		}
	}
	fmt.Fprintf(&w, " recorded %v", k.recorded) // in order
	return w.String()
}

func (tw *twin) String() string {
	var w strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tw.keys)) {
		fmt.Fprintf(&w, "%s: %v\n", name, tw.keys[name])
	}
	return w.String()
}

// databases is what a State and a View have in common.
type databases interface {
	Databases() int
	DB(int) *keyspace.DB
}

// twinOf reads a state or view into maps.
func twinOf(dbs databases) *twin {
	tw := &twin{keys: map[string]*twinKey{}}
	for i := range dbs.Databases() {
		dbs.DB(i).Each(func(k *keyspace.Key) bool {
			tw.keys[fmt.Sprintf("%d/%s", i, k.Name())] = readKey(k)
			return true
		})
	}
	return tw
}

func readKey(k *keyspace.Key) *twinKey {
	tk := &twinKey{deadline: k.Deadline(), version: k.Version().Index}
	if k.Kind() == keyspace.StringKind {
		text, _ := k.String()
		tk.text = string(text)
		return tk
	}
	s, _ := k.Stream()
	tk.stream, tk.last = true, s.LastID().Seq
	tk.entries, tk.groups = map[uint64]string{}, map[string]map[uint64]string{}
	for c := s.Range(streams.MinID, streams.MaxID); c.Next(); {
		tk.entries[c.ID().Seq] = string(c.AppendFields(nil)[1])
	}
	s.EachGroup(func(name string, g *groups.Group) bool {
		tk.groups[name] = map[uint64]string{}
		g.Ascend(streams.MinID, func(p groups.Pending) bool {
			tk.groups[name][p.ID.Seq] = g.Name(p.Owner)
			return true
		})
		return true
	})
	tk.recorded = map[uint64]uint64{}
	for i := range uint64(recordable) {
		if id, ok := s.Producers().Find(iidOf(i), 0); ok {
			tk.recorded[i] = id.Seq
		}
	}
	return tk
}

// recordable is how many iids there are, of one producer.
const recordable = 5

func iidOf(i uint64) idmp.Pair {
	return idmp.NewPair([]byte("producer"), []byte{byte(i)})
}

// pair is a state with its twin and the views taken on the way.
type pair struct {
	st    *keyspace.State
	tw    *twin
	views []*keyspace.View
	then  []string // what the views showed when they were taken
	index uint64
	now   int64
	drawn struct { // by key
		db   *keyspace.DB
		name []byte
	}
}

var (
	someDB    = rapid.IntRange(0, 1)
	someName  = rapid.SampledFrom([]string{"", "a", "b", "{a}b", "foo", "bar", "a longer name of a key"})
	someGroup = rapid.SampledFrom([]string{"g", "h", "", "i"})
	someOwner = rapid.SampledFrom([]string{"ann", "bob"})
)

// key draws a key to change, and begins a command.
func (p *pair) key(t *rapid.T) (db *keyspace.DB, name []byte, full string) {
	p.index++
	p.st.Begin(p.index, 0)
	i, n := someDB.Draw(t, "db"), someName.Draw(t, "name")
	p.drawn.db, p.drawn.name = p.st.DB(i), []byte(n)
	return p.drawn.db, p.drawn.name, fmt.Sprintf("%d/%s", i, n)
}

// stream draws a stream to change; tk is nil when there is none.
func (p *pair) stream(t *rapid.T) (s *keyspace.StreamValue, tk *twinKey) {
	db, name, full := p.key(t)
	k := db.GetForWrite(name, p.now)
	if tk = p.tw.keys[full]; (k == nil) != (tk == nil) {
		t.Fatalf("key %s: %v, twin %v", full, k, tk)
	}
	if tk == nil || !tk.stream {
		return nil, nil
	}
	s, err := k.StreamForWrite()
	if err != nil {
		t.Fatal(err)
	}
	db.Touch(k)
	tk.version = p.index
	return s, tk
}

func (p *pair) PutString(t *rapid.T) {
	db, name, full := p.key(t)
	text := rapid.StringN(0, 9, -1).Draw(t, "text")
	db.PutString(name, []byte(text))
	p.tw.keys[full] = &twinKey{text: text, version: p.index}
}

func (p *pair) PutStream(t *rapid.T) {
	db, name, full := p.key(t)
	db.PutStream(name)
	p.tw.keys[full] = &twinKey{stream: true, version: p.index, entries: map[uint64]string{}, groups: map[string]map[uint64]string{}, recorded: map[uint64]uint64{}}
}

func (p *pair) Append(t *rapid.T) {
	s, tk := p.stream(t)
	if s == nil {
		return
	}
	for range rapid.IntRange(1, 9).Draw(t, "n") {
		tk.last++
		tk.entries[tk.last] = fmt.Sprint(p.index)
		s.Append(streams.ID{Seq: tk.last}, [][]byte{[]byte("f"), fmt.Append(nil, p.index)}, streams.Limits{MaxEntries: 4})
	}
}

func (p *pair) RecordIID(t *rapid.T) {
	s, tk := p.stream(t)
	if s == nil {
		return
	}
	i := rapid.Uint64Range(0, recordable-1).Draw(t, "iid")
	if _, ok := tk.recorded[i]; !ok {
		p.drawn.db.Record(p.drawn.name, s, iidOf(i), streams.ID{Seq: tk.last})
		tk.recorded[i] = tk.last
	}
}

// Forget looks at all streams as if all iids had expired, as the leader lets it.
func (p *pair) Forget(t *rapid.T) {
	p.index++
	p.st.Begin(p.index, 0)
	const later = 1_000_000
	type place struct {
		db   int
		name string
	}
	var due []place
	p.st.Overdue(later, 100, func(db int, name string) { due = append(due, place{db, name}) })
	for _, d := range due {
		k := p.st.DB(d.db).GetForWrite([]byte(d.name), 0)
		if k == nil {
			t.Fatalf("key %d/%s is to be looked at, and is not there", d.db, d.name)
		}
		if n := p.st.DB(d.db).Forget(k, later, 100); n == 0 {
			t.Fatalf("nothing to forget of key %d/%s", d.db, d.name)
		}
		p.tw.keys[fmt.Sprintf("%d/%s", d.db, d.name)].recorded = map[uint64]uint64{}
	}
	for name, tk := range p.tw.keys {
		if len(tk.recorded) > 0 {
			t.Fatalf("key %s was not looked at", name)
		}
	}
	if _, ok := p.st.NextLook(); ok {
		t.Fatal("more to look at")
	}
}

func (p *pair) DeleteEntry(t *rapid.T) {
	if s, tk := p.stream(t); s != nil {
		id := rapid.Uint64Range(0, tk.last).Draw(t, "id")
		s.Delete(streams.ID{Seq: id})
		delete(tk.entries, id)
	}
}

func (p *pair) CreateGroup(t *rapid.T) {
	if s, tk := p.stream(t); s != nil {
		name := someGroup.Draw(t, "group")
		s.CreateGroup([]byte(name), groups.New(streams.ID{}, 0))
		tk.groups[name] = map[uint64]string{}
	}
}

func (p *pair) DropGroup(t *rapid.T) {
	if s, tk := p.stream(t); s != nil {
		name := someGroup.Draw(t, "group")
		_, there := tk.groups[name]
		if s.DropGroup([]byte(name)) != there {
			t.Fatalf("group %q there: %v", name, there)
		}
		delete(tk.groups, name)
	}
}

func (p *pair) Deliver(t *rapid.T) {
	s, tk := p.stream(t)
	if s == nil {
		return
	}
	name, owner := someGroup.Draw(t, "group"), someOwner.Draw(t, "owner")
	g := s.GroupForWrite([]byte(name))
	if pending, there := tk.groups[name]; there {
		id, ok := g.Consumer([]byte(owner))
		if !ok {
			id = g.CreateConsumer([]byte(owner), p.now)
		}
		for e := range tk.entries {
			pending[e] = owner
			g.Put(groups.Pending{ID: streams.ID{Seq: e}, Owner: id, Time: p.now, Count: 1})
		}
	}
}

func (p *pair) Ack(t *rapid.T) {
	if s, tk := p.stream(t); s != nil {
		name := someGroup.Draw(t, "group")
		if g := s.GroupForWrite([]byte(name)); g != nil {
			id := rapid.Uint64Range(0, tk.last).Draw(t, "id")
			g.Ack(streams.ID{Seq: id})
			delete(tk.groups[name], id)
		}
	}
}

func (p *pair) SetDeadline(t *rapid.T) {
	db, name, full := p.key(t)
	if k := db.GetForWrite(name, p.now); k != nil {
		ms := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(p.now+1, p.now+50)).Draw(t, "deadline")
		db.SetDeadline(k, ms)
		p.tw.keys[full].deadline = ms
	}
}

func (p *pair) Delete(t *rapid.T) {
	db, name, full := p.key(t)
	_, there := p.tw.keys[full]
	if db.Delete(name) != there {
		t.Fatalf("key %s there: %v", full, there)
	}
	delete(p.tw.keys, full)
}

func (p *pair) Flush(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
		return
	}
	db, _, _ := p.key(t)
	db.Flush()
	maps.DeleteFunc(p.tw.keys, func(name string, _ *twinKey) bool { return name[0] == byte('0'+db.Index()) })
}

func (p *pair) Expire(t *rapid.T) {
	p.now += rapid.Int64Range(1, 30).Draw(t, "ms")
	for p.st.ExpireDue(p.now, 2, func(db int, name string) {
		full := fmt.Sprintf("%d/%s", db, name)
		if k := p.tw.keys[full]; k == nil || k.deadline == 0 || k.deadline > p.now {
			t.Fatalf("expired %s: %v at %d", full, k, p.now)
		}
		delete(p.tw.keys, full)
	}) == 2 {
	}
}

func (p *pair) View(*rapid.T) {
	if len(p.views) < 4 {
		p.views, p.then = append(p.views, p.st.View()), append(p.then, p.tw.String())
	}
}

// Restore goes on with what a snapshot gives back.
func (p *pair) Restore(t *rapid.T) {
	var w sections
	if err := p.st.View().Snapshot(&w); err != nil {
		t.Fatal(err)
	}
	st, err := keyspace.Restore(w.reader())
	if err != nil {
		t.Fatal(err)
	}
	if st.Hash() != p.st.Hash() {
		t.Fatal("hash differs after restore")
	}
	p.st = st
}

// Check compares the state with its twin and each view with what it showed first.
func (p *pair) Check(t *rapid.T) {
	before := p.st.Memory()
	if err := p.st.Check(); err != nil {
		t.Fatal(err)
	}
	if after := p.st.Memory(); after != before {
		t.Fatalf("memory %d before changes were settled, %d after", before, after)
	}
	if got, want := twinOf(p.st).String(), p.tw.String(); got != want {
		t.Fatalf("state:\n%stwin:\n%s", got, want)
	}
	for i, v := range p.views {
		if got := twinOf(v).String(); got != p.then[i] {
			t.Fatalf("view shows:\n%sfirst:\n%s", got, p.then[i])
		}
	}
}

func TestStateMatchesTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{st: keyspace.New(2), tw: &twin{keys: map[string]*twinKey{}}, now: 1000}
		t.Repeat(map[string]func(*rapid.T){
			"PutString": p.PutString, "PutStream": p.PutStream, "Append": p.Append, "RecordIID": p.RecordIID, "Forget": p.Forget, "DeleteEntry": p.DeleteEntry,
			"CreateGroup": p.CreateGroup, "DropGroup": p.DropGroup, "Deliver": p.Deliver, "Ack": p.Ack,
			"SetDeadline": p.SetDeadline, "Delete": p.Delete, "Flush": p.Flush, "Expire": p.Expire,
			"Rename": p.Rename, "Copy": p.Copy, "CopyByDump": p.CopyByDump, "Swap": p.Swap,
			"AppendString": p.AppendString, "SetString": p.SetString,
			"View": p.View, "Restore": p.Restore, "": p.Check,
		})
	})
}
