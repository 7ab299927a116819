// Package decode reads what a snapshot holds: bytes, varints and what has a length
// before it. It does no I/O and trusts nothing: a bad read is remembered, and no
// input makes it panic or take memory.
//
// Imported by packages that restore their part of a snapshot. The chunks of streams
// have a decoder of their own, which refuses numbers that took more bytes than they
// need.
package decode
