package config

import (
	"net"
	"strings"
)

// fixed is a parameter of Redis that clients and tools ask for and that is no
// setting of Millrace: its value is what a Redis user would find true here.
type fixed struct {
	name, value string
	accept      acceptance
	of          func(c *Config) string // instead of value, when it follows from a setting
}

// acceptance says what CONFIG SET of a fixed parameter takes. What is taken changes
// nothing.
type acceptance uint8

const (
	nothing   acceptance = iota // SET is refused
	unchanged                   // the value that stands: a client restores what it saved
	yesOrNo
	saveWords // what Redis takes for save
	anything
)

// String is the word of the page.
func (a acceptance) String() string {
	return [...]string{"no", "this value", "yes or no, changes nothing", "changes nothing", "changes nothing"}[a]
}

// check returns Redis' reason when value is not taken.
func (a acceptance) check(current, value string) error {
	switch a {
	case unchanged:
		return isUnchanged(current, value)
	case yesOrNo:
		var ignored bool
		return setBool(&ignored, value)
	case saveWords:
		return isSave(value)
	case anything:
		return nil
	}
	return errImmutable
}

func (f *fixed) get(c *Config) string {
	if f.of != nil {
		return f.of(c)
	}
	return f.value
}

var fixedParameters = []fixed{
	// Where it listens.
	{name: "bind", of: func(c *Config) string { host, _, _ := net.SplitHostPort(c.Addr); return host }},
	{name: "port", of: func(c *Config) string { _, port, _ := net.SplitHostPort(c.Addr); return port }},
	{name: "tcp-backlog", value: "511"},
	{name: "io-threads", value: "1"},
	{name: "hz", value: "10", accept: unchanged},

	// The log is never off, and snapshots follow from its size. The Redis test suite
	// and redis-benchmark set these and restore what they found.
	{name: "appendonly", value: "yes", accept: yesOrNo},
	{name: "save", accept: saveWords},
	{name: "dbfilename"},
	{name: "logfile"},
	{name: "pidfile"},
	{name: "daemonize", value: "no"},
	{name: "supervised", value: "no"},

	{name: "maxmemory-policy", value: "noeviction", accept: unchanged},
	{name: "maxmemory-samples", value: "5", accept: unchanged},
	{name: "maxmemory-clients", value: "0", accept: unchanged},

	{name: "acllog-max-len", value: "128", accept: unchanged},

	// Replication is not Redis': no node asks another one for a password.
	{name: "masterauth", accept: anything},
	{name: "masteruser", accept: anything},
	{name: "replica-read-only", value: "yes", accept: unchanged},
	{name: "slave-read-only", value: "yes", accept: unchanged},
	{name: "repl-backlog-size", value: "1048576", accept: unchanged},
	{name: "min-replicas-to-write", value: "0", accept: unchanged},
	{name: "min-slaves-to-write", value: "0", accept: unchanged},

	{name: "cluster-enabled", value: "no"},
	{name: "cluster-require-full-coverage", value: "yes", accept: unchanged},
	{name: "cluster-allow-reads-when-down", value: "no", accept: unchanged},
	{name: "cluster-announce-ip", accept: unchanged},
	{name: "cluster-announce-port", value: "0", accept: unchanged},
	{name: "cluster-announce-hostname", accept: unchanged},
	{name: "cluster-preferred-endpoint-type", value: "ip", accept: unchanged},

	// Tuning of what Millrace does not have. The Redis test suite restores them all.
	{name: "lazyfree-lazy-eviction", value: "no", accept: unchanged},
	{name: "lazyfree-lazy-expire", value: "no", accept: unchanged},
	{name: "lazyfree-lazy-server-del", value: "no", accept: unchanged},
	{name: "lazyfree-lazy-user-del", value: "no", accept: unchanged},
	{name: "lazyfree-lazy-user-flush", value: "no", accept: unchanged},
	{name: "replica-lazy-flush", value: "no", accept: unchanged},
	{name: "slave-lazy-flush", value: "no", accept: unchanged},
	{name: "activedefrag", value: "no", accept: unchanged},
	{name: "active-expire-effort", value: "1", accept: unchanged},
	{name: "key-load-delay", value: "0", accept: unchanged},
	{name: "lua-time-limit", value: "5000", accept: unchanged},
	{name: "busy-reply-threshold", value: "5000", accept: unchanged},
	{name: "list-max-listpack-size", value: "-2", accept: unchanged},
	{name: "list-max-ziplist-size", value: "-2", accept: unchanged},
	{name: "list-compress-depth", value: "0", accept: unchanged},
	{name: "hash-max-listpack-entries", value: "512", accept: unchanged},
	{name: "hash-max-ziplist-entries", value: "512", accept: unchanged},
	{name: "hash-max-listpack-value", value: "64", accept: unchanged},
	{name: "hash-max-ziplist-value", value: "64", accept: unchanged},
	{name: "set-max-intset-entries", value: "512", accept: unchanged},
	{name: "set-max-listpack-entries", value: "128", accept: unchanged},
	{name: "set-max-listpack-value", value: "64", accept: unchanged},
	{name: "zset-max-listpack-entries", value: "128", accept: unchanged},
	{name: "zset-max-ziplist-entries", value: "128", accept: unchanged},
	{name: "zset-max-listpack-value", value: "64", accept: unchanged},
	{name: "zset-max-ziplist-value", value: "64", accept: unchanged},
}

func isUnchanged(current, value string) error {
	if strings.EqualFold(current, value) {
		return nil
	}
	have, err := parseSize(current)
	if err != nil {
		return errImmutable
	}
	if given, err := parseSize(value); err != nil || given != have {
		return errImmutable
	}
	return nil
}

// isSave accepts what Redis does: pairs of seconds and changes, or nothing.
func isSave(value string) error {
	words := strings.Split(value, " ")
	if value == "" {
		return nil
	}
	bad := len(words)%2 != 0
	for i, word := range words {
		n, err := canonicalInt(word)
		bad = bad || err != nil || n < int64(1-i%2)
	}
	if bad {
		return reason("Invalid save parameters")
	}
	return nil
}
