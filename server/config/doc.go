// Package config knows every setting of a node: its name, type, default, effect and
// when a change takes effect. Each is declared once, as one value of the table in
// settings.go; flags, environment, YAML file, sample file, docs/configuration.md
// and the names behind CONFIG GET and SET all follow from that value.
//
// Load merges the four sources (a flag beats the environment, that beats the file,
// that beats the default) into a Config with typed fields. Live is the Config of a
// running node: CONFIG SET changes it, and whoever must act on a change registers a
// hook.
//
// Invariants:
//
//  1. A *Config that Live has handed out never changes: a change makes a new one.
//     It may be read from any goroutine and kept for as long as one consistent
//     picture is wanted.
//  2. What no setting knows stops the start: a flag, a variable MILLRACE_*, a key
//     of the file. A misspelt fsync must not leave a node with the default.
//  3. Live.Set changes all pairs or none. A hook that refuses takes back what hooks
//     before it did, and its values are not seen by any reader.
//  4. The text of a value, read again, gives the same value, both in the form of a
//     file and in that of CONFIG; so a client may restore what it saved.
//  5. Redis' error texts of CONFIG SET are reproduced to the byte; clients and the
//     Redis test suite compare them.
//
// It never opens the data folder, starts no goroutine, and knows no command.
// It may be imported by server, cmd/millrace and tests of whole nodes.
package config

//go:generate go test . -run TestPage -update
