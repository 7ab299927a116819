package integration

import (
	"strconv"
	"strings"
)

// apply does to the model what a command did to the server. A change of a key is
// whatever server.md 6 counts as one.
func (m *watchModel) apply(db int, text string) {
	words := strings.Fields(text)
	name := strings.ToLower(words[0])
	var k *watchedKey
	if len(words) > 1 {
		k = m.key(db, words[1])
	}
	switch name {
	case "flushdb", "flushall":
		m.flush(db, name == "flushall")
	case "swapdb":
		m.swap(words[1], words[2])
	case "move":
		m.move(db, words[1], words[2])
	case "rename", "renamenx", "copy":
		m.rename(k, m.key(db, words[2]), name, len(words) > 3)
	case "mset", "msetnx":
		other := m.key(db, words[3])
		if name == "mset" || k.kind == "" && other.kind == "" {
			k.set("string")
			other.set("string")
		}
	case "set", "setnx", "getset", "incr", "append", "getdel", "getex":
		k.applyString(name, words[2:])
	case "xadd", "xtrim":
		k.applyStream(name, words[2:])
	default:
		k.applyGeneric(name, words)
	}
}

func (k *watchedKey) applyGeneric(name string, words []string) {
	switch {
	case k == nil || k.kind == "":
	case name == "del" || name == "unlink" || name == "pexpireat":
		k.set("")
	case name == "expire":
		k.version++
		k.expires = true
	case name == "persist" && k.expires:
		k.version++
		k.expires = false
	}
}

func (k *watchedKey) applyString(name string, options []string) {
	option := strings.ToUpper(strings.Join(options, " "))
	switch {
	case name == "setnx" || name == "set" && strings.HasSuffix(option, "NX"):
		if k.kind == "" {
			k.set("string")
		}
	case name == "set" && strings.HasSuffix(option, "XX"):
		if k.kind != "" {
			k.set("string")
		}
	case name == "set":
		k.set("string")
		k.expires = strings.Contains(option, "EX ")
		if strings.Contains(option, "PXAT") {
			k.set("")
		}
	case k.kind == "stream":
	case name == "getset":
		k.set("string")
	case name == "incr" || name == "append":
		expires := k.expires
		k.set("string")
		k.expires = expires
	case k.kind == "":
	case name == "getdel":
		k.set("")
	case name == "getex" && option == "PERSIST" && k.expires:
		k.version++
		k.expires = false
	}
}

func (k *watchedKey) applyStream(name string, options []string) {
	switch {
	case k.kind == "string":
	case name == "xtrim" && k.entries > 0:
		k.version++
		k.entries = 0
	case name == "xadd" && (k.kind != "" || options[0] != "NOMKSTREAM"):
		k.version++
		k.kind = "stream"
		k.entries++
	}
}

func (m *watchModel) rename(from, to *watchedKey, name string, replace bool) {
	if from.kind == "" || from == to || to.kind != "" && name != "rename" && !replace {
		return
	}
	was := *from
	to.set(was.kind)
	to.expires, to.entries = was.expires, was.entries
	if name != "copy" {
		from.set("")
	}
}

func (m *watchModel) move(db int, name, to string) {
	n, _ := strconv.Atoi(to)
	from, target := m.key(db, name), m.key(n, name)
	if n == db || from.kind == "" || target.kind != "" {
		return
	}
	m.rename(from, target, "rename", false)
}

func (m *watchModel) flush(db int, all bool) {
	for at, k := range m.keys {
		if (all || at.db == db) && k.kind != "" {
			k.set("")
		}
	}
}

// swap changes the keys that are in either of the two databases, in both.
func (m *watchModel) swap(x, y string) {
	a, _ := strconv.Atoi(x)
	b, _ := strconv.Atoi(y)
	if a == b {
		return
	}
	for _, name := range []string{"a", "b", "c"} {
		k, l := m.key(a, name), m.key(b, name)
		if k.kind == "" && l.kind == "" {
			continue
		}
		was, other := *k, *l
		*k, *l = other, was
		k.version, l.version = was.version+1, other.version+1
	}
}
