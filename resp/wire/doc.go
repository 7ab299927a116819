// Package wire appends RESP2 and RESP3 values to byte slices.
//
// Invariants:
//
//  1. Every function appends one complete value, or one header whose elements
//     the caller appends next, and returns the extended slice.
//  2. A value that only RESP3 has (map, set, null, double, push, verbatim) is
//     written in the form that a RESP2 client of Redis would see.
//  3. An error line is one line, whatever the text: see AppendError.
//
// The package does no I/O, starts no goroutine and keeps no state. Everything
// above it may import it; it imports nothing of Millrace.
package wire
