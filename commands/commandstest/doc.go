// Package commandstest plays transcripts: text files of commands and their
// replies, against the commands in process, a server over TCP, or a real Redis.
//
// A transcript is read line by line:
//
//	# a comment
//	== name              a section begins, on an empty database
//	! string k v         k becomes the string v
//	! exists k 1         whether k exists, 1 or 0
//	! clock +50          50 ms pass; where the clock can't be set the rest of
//	                     the section is left out
//	! needs DEL RENAME   the section is left out where one of these is unknown
//	! repeat 9 XADD k %d-0 f v   a command many times, with the run's number
//	> XLEN k             a command; quotes and escapes as in redis-cli
//	2                    its reply
//	3| ...               the reply in RESP3 where it differs
//	7.0| ...             the reply of Redis 7.0 where it differs
//	7.0 3| ...           and that in RESP3
//	A> XREAD ...         a command on a connection of its own
//	...                  in the place of a reply: the connection waits, with
//	                     BLOCK 0 or for a second at least
//	A<                   what A gets next, a reply that it waited for or a
//	                     message; '...' for nothing yet
//
// Replies are one line: OK (simple string), -ERR text, 12, "bulk", nil (null bulk
// string), nil[] (null array), [array], and in RESP3 {map: value}, _ (null),
// ,1.5 (double), ~[set], >[push]. A simple string that is more than letters is
// +"quoted". Where only nulls differ between the protocols, one line serves both.
// <int> stands for any integer, <id> for any stream ID.
//
// Every section is played in RESP2 and in RESP3. Sections with connections of
// their own need a server; the commands in process leave them out.
//
// Invariants:
//
//  1. A transcript that is written back without -update is the same, byte by byte.
//  2. Rewriting keeps a line that matches, with its <int> and <id>.
//
// Imported by tests only.
package commandstest
