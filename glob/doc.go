// Package glob matches byte strings against the patterns of Redis: KEYS, SCAN,
// CONFIG GET and, later, PSUBSCRIBE and ACL rules.
//
// A pattern is bytes, and so is what it is matched with; neither has a character
// set. It knows
//
//   - any bytes, also none
//     ?      any one byte
//     [abc]  one of these bytes; [a-z] and [z-a] are the same range; [^a] is any other
//     \x     the byte x itself, outside and inside of brackets
//
// An unclosed [ runs to the end of the pattern; a \ at the very end stands for
// itself; [] matches nothing, [^] any byte.
//
// Invariants:
//
//  1. Whatever the pattern, Match takes at most len(pattern) * len(s) steps and no
//     memory. All but the last * are settled for good once what follows them has
//     matched at the first place possible: each element behind a * takes exactly
//     one byte, so an earlier place leaves a later star more to choose from, never
//     less. Hence one place to come back to is enough, and many stars cost no more
//     than one.
//  2. Match never panics, and the outcome depends on its arguments alone.
//
// The package is pure: it imports nothing of Millrace, and every package may
// import it.
package glob
