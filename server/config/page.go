package config

import (
	"fmt"
	"strings"
)

// Page returns docs/configuration.md.
func Page() string {
	var b strings.Builder
	b.WriteString(pageIntroduction)
	for _, group := range groups {
		fmt.Fprintf(&b, "\n## %s\n", group)
		for i := range settings {
			if s := &settings[i]; s.Group == group {
				s.page(&b)
			}
		}
	}
	b.WriteString(pageLogs)
	b.WriteString(pageFixed)
	for i := range fixedParameters {
		fixedParameters[i].page(&b)
	}
	return b.String()
}

func (s *Setting) page(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n", s.Name, strings.Join(wrap(s.Effect, 110), "\n"))
	b.WriteString("| default | value | variable | scope | change | in CONFIG |\n|---|---|---|---|---|---|\n")
	fmt.Fprintf(b, "| %s | %s | `%s` | %s | %s | %s |\n",
		code(s.Default), s.accepts()+s.bounds(), s.EnvName(), s.Scope, s.Change, s.redisNames())
}

// bounds are shown where they say more than "as far as numbers go".
func (s *Setting) bounds() string {
	format := formatSize
	switch s.Type {
	case Seconds:
		return ""
	case Int:
		format = func(n int64) string { return fmt.Sprint(n) }
	case Size:
	default:
		return ""
	}
	text := ", at least " + format(s.Min)
	if s.Max < 1<<40 {
		text += ", at most " + format(s.Max)
	}
	return text
}

func (s *Setting) redisNames() string {
	if s.Secret {
		return "not shown"
	}
	names := []string{code(s.Name)}
	for _, r := range s.Redis {
		names = append(names, code(r.Name)+inWords(r.Values))
	}
	return strings.Join(names, ", ")
}

// inWords lists Redis' words where they are not ours.
func inWords(values [][2]string) string {
	var words []string
	for _, w := range values {
		if w[0] != w[1] {
			words = append(words, fmt.Sprintf("`%s` is `%s`", w[0], w[1]))
		}
	}
	if words == nil {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

func (f *fixed) page(b *strings.Builder) {
	value := code(f.value)
	if f.of != nil {
		value = "from `addr`"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s |\n", f.name, value, f.accept)
}

func code(s string) string {
	if s == "" {
		return "empty"
	}
	return "`" + s + "`"
}

const pageIntroduction = `<!-- Written by "go generate ./server/config" from server/config. Do not edit. -->

# Configuration

Every setting has one name in four places. The first one that has it counts:

1. the flag: ` + "`millrace serve --fsync everysec`" + `
2. the environment: ` + "`MILLRACE_FSYNC=everysec`" + `
3. the YAML file that ` + "`--config` or `MILLRACE_CONFIG`" + ` names: ` + "`fsync: everysec`" + `
4. the default.

` + "`millrace config sample`" + ` prints a file with all settings. A flag, a variable ` + "`MILLRACE_...`" + ` or a key that no setting knows
stops the start with a line that names it, and so does a value that does not fit. (What Kubernetes sets for a service named
millrace, ` + "`MILLRACE_SERVICE_HOST`, `MILLRACE_PORT_6379_TCP`" + ` and the like, is passed over.)

Sizes are bytes and take ` + "`b`, `k`, `kb`, `m`, `mb`, `g`, `gb`, `t`, `tb`" + `: ` + "`k` is 1000, `kb` is 1024" + `, as in Redis. Times take
` + "`ms`, `s`, `m`, `h`" + `; a number alone is seconds. Text in a YAML file is best put in quotes.

*Scope*: a node's setting is its own affair, a cluster's must be the same on all nodes, a partition's is part of the replicated
state. *Change*: what says ` + "`run time`" + ` can be changed by ` + "`CONFIG SET`" + `, until the next start; ` + "`CONFIG GET`" + ` shows all of them, sizes
in bytes and times in seconds.
`

const pageLogs = `
## Log records and the ready line

Log records go to the standard error output. Once the node takes commands it writes one whose message is ` + "`ready`" + `, with the
address on which it listens in ` + "`addr`" + `, also when port 0 was asked for:

    time=2026-11-21T09:00:00.000Z level=INFO msg=ready addr=127.0.0.1:6379
    {"time":"2026-11-21T09:00:00.000Z","level":"INFO","msg":"ready","addr":"127.0.0.1:6379"}

SIGTERM or SIGINT stops the node when what is in flight is finished; a second one ends the process at once. When it cannot
start or go on, the last line says why and begins with ` + "`millrace: `" + `; the exit code is then 1, and 2 for a mistake in the command line.
`

const pageFixed = `
## Parameters of Redis that CONFIG answers

Clients and tools ask for these. They are no settings of Millrace; what ` + "`CONFIG SET`" + ` takes stands in the last column, mostly the
value that is there already, since tools restore what they saved.

| parameter | value | CONFIG SET |
|---|---|---|
`
