// Package workload is the clients that a cluster is tested with, whatever it runs on:
// processes (integration/chaos) or a bubble (integration/sim). Producers add entries to
// streams, workers of consumer groups take, claim and acknowledge them and crash now and
// then, readers look at the streams, and others set, get and count strings.
//
// Every operation is recorded in a history.Log, and the workload keeps to what package
// history asks of one: a payload is sent once, a connection is given up after an
// operation of unknown outcome, streams are only appended to.
//
// A seed repeats what each client sends, as long as it gets the same replies.
//
// What connects to a node is the caller's, a [Conn] that sends nothing twice. The
// package reads no settings, knows no node, and waits only with timers, so it works in a
// testing/synctest bubble. Imported by tests only.
package workload
