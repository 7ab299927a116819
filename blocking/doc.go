// Package blocking keeps who waits for which key, first come first served.
//
// A waiter is a command that found nothing to return and may wait for it: XREAD
// and XREADGROUP with BLOCK. The registry only orders waiters, and the times at
// which those with CLAIM should look at pending entries again; it knows no clock,
// no connection and no state, and is not safe for concurrent use: its owner (a
// partition) holds a lock.
//
// Invariants:
//
//  1. A waiter stands in the line of each of its keys, at the place given by the
//     number drawn when it was first added; coming back after a claim keeps it.
//  2. A claimed waiter keeps its number but stands in no line: nobody else can
//     serve it until it is released or removed.
//  3. A key without waiters takes no memory.
//  4. Waiters with CLAIM that ask the same question are a class. One of it looks at
//     a time; a class that has a waiter in line, nobody looking and a time to look
//     is in the queue of looks, and no other is. A class without members takes no
//     memory.
//
// Imported by replication and commands; imports nothing of Millrace.
package blocking
