// Package rdb reads what DUMP of a Redis gives, strings and streams, so that RESTORE
// can take data over. It only reads.
//
// Invariants:
//
//  1. Whatever the bytes are, nothing panics: what cannot be a value is ErrChecksum
//     or ErrFormat. A good checksum proves nothing, anybody can compute one.
//  2. Memory is taken for what is there, never for what is announced. What LZF
//     unpacks to is bounded by maxUnpacked for a whole payload.
//  3. A value that Parse returned is right to the last entry: IDs ascend, the counts
//     agree, every pending entry has one consumer.
//
// A payload, integers little endian unless said otherwise:
//
//	type      1 byte: 0 string; 15, 19, 21 stream (of Redis 5, 7.0, 7.2)
//	value     as below
//	version   2 bytes, of the format: up to 12
//	checksum  8 bytes, CRC-64 (Jones) of all before it
//
//	length    2 high bits of the first byte: 0 the other 6; 1 these and a byte;
//	          2 with 0x80 four bytes, with 0x81 eight, big endian; 3 see string
//	string    length, bytes; or 0xC0, 0xC1, 0xC2: an integer of 1, 2, 4 bytes; or
//	          0xC3: length packed, length unpacked, bytes of LZF
//	stream    number of nodes; for each its first ID (string of 16 bytes, big endian)
//	          and a listpack (string); length, last ID; from 19 on first ID, highest
//	          deleted ID, entries added; number of groups, each:
//	group     name (string), last-delivered ID; from 19 on entries read; number of
//	          pending entries, each: ID (16 bytes, big endian), delivery time in ms
//	          (8 bytes), delivery count; number of consumers, each:
//	consumer  name (string), seen time in ms (8 bytes); from 21 on active time
//	          (8 bytes); number of its pending entries, each the ID (16 bytes)
//
// Where nothing is said, numbers are lengths and an ID is two of them.
//
// The listpack of a node: entries, deleted, number of names, the names, 0; then
// for each entry flags (1 deleted, 2 names are those of the node), ms and sequence
// minus the node's, without flag 2 the number of fields; names (without flag 2) and
// values in turn; the number of elements of the entry but this one.
//
// Imported by commands. Knows only package streams, does no I/O.
package rdb
