// Package meshtest is a network in memory for tests of a cluster, also inside a
// testing/synctest bubble: it starts no goroutine, and waits only for channels and
// timers. Connections behave as TCP's do: buffered, ordered, with deadlines; while a
// way is cut nothing arrives and nothing fails, and what was on its way arrives once
// it is healed. A node is whoever dials from or listens on an address.
//
// Imported by tests only.
package meshtest
