package keyspace_test

import (
	"fmt"
	"maps"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/keyspace"
)

// What moves keys about, for TestStateMatchesTwin.

func (k *twinKey) clone() *twinKey {
	c := *k
	c.entries = maps.Clone(k.entries)
	c.recorded = maps.Clone(k.recorded)
	c.groups = map[string]map[uint64]string{}
	for name, pending := range k.groups {
		c.groups[name] = maps.Clone(pending)
	}
	return &c
}

// twoKeys draws a key to change and the place of another.
func (p *pair) twoKeys(t *rapid.T) (k *keyspace.Key, from, to *keyspace.DB, name []byte, full, toFull string) {
	from, old, full := p.key(t)
	i, n := someDB.Draw(t, "to db"), someName.Draw(t, "to name")
	return from.GetForWrite(old, p.now), from, p.st.DB(i), []byte(n), full, fmt.Sprintf("%d/%s", i, n)
}

func (p *pair) Rename(t *rapid.T) {
	k, from, to, name, full, toFull := p.twoKeys(t)
	if k == nil {
		return
	}
	from.Rename(k, to, name)
	tk := p.tw.keys[full]
	delete(p.tw.keys, full)
	tk.version = p.index
	p.tw.keys[toFull] = tk
}

func (p *pair) Copy(t *rapid.T) {
	k, from, to, name, full, toFull := p.twoKeys(t)
	if k == nil || full == toFull {
		return
	}
	from.Copy(k, to, name)
	tk := p.tw.keys[full].clone()
	tk.version = p.index
	p.tw.keys[toFull] = tk
}

// CopyByDump makes the same of a value's dump.
func (p *pair) CopyByDump(t *rapid.T) {
	k, _, to, name, full, toFull := p.twoKeys(t)
	if k == nil {
		return
	}
	v, err := keyspace.ParseDump(k.AppendDump(nil))
	if err != nil {
		t.Fatal(err)
	}
	to.PutDumped(name, v, k.Deadline())
	tk := p.tw.keys[full].clone()
	tk.version = p.index
	p.tw.keys[toFull] = tk
}

func (p *pair) Swap(t *rapid.T) {
	p.key(t)
	p.st.Swap(0, 1)
	swapped := map[string]*twinKey{}
	for full, tk := range p.tw.keys {
		swapped[fmt.Sprintf("%c%s", '0'+'1'-full[0], full[1:])] = tk
	}
	p.tw.keys = swapped
}

// text draws a key with a string.
func (p *pair) text(t *rapid.T) (db *keyspace.DB, k *keyspace.Key, tk *twinKey) {
	db, name, full := p.key(t)
	if k = db.GetForWrite(name, p.now); k == nil || k.Kind() != keyspace.StringKind {
		return nil, nil, nil
	}
	tk = p.tw.keys[full]
	tk.version = p.index
	return db, k, tk
}

func (p *pair) AppendString(t *rapid.T) {
	if db, k, tk := p.text(t); k != nil {
		tail := rapid.StringN(0, 9, -1).Draw(t, "tail")
		db.AppendString(k, []byte(tail))
		tk.text += tail
	}
}

func (p *pair) SetString(t *rapid.T) {
	if db, k, tk := p.text(t); k != nil {
		tk.text = rapid.StringN(0, 9, -1).Draw(t, "text")
		db.SetString(k, []byte(tk.text), keyspace.Form(rapid.IntRange(0, 2).Draw(t, "form")))
	}
}
