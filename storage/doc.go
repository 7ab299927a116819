// Package storage opens the data folder of a node: it takes the folder's lock
// and gives the node its identity. What is in the folder is written by the
// packages below it:
//
//	<dir>/LOCK                      held by flock while a process uses the folder; empty
//	<dir>/node.json                 who this node is; this package
//	<dir>/peers.json                the nodes of the cluster as last known; cluster
//	<dir>/boot                      the number of its last start; this package
//	<dir>/turned-away               why it must never be started again, if so; this package
//	<dir>/log/                      one log for all Raft groups of the node; storage/log
//	<dir>/snapshots/<group>/        the newest two snapshots of each group; storage/snapshot
//
// All of them reach files through storage/vfs only, and none of them knows what
// the bytes mean that it keeps.
//
// # Invariants
//
//  1. At most one process writes in a folder: it holds LOCK exclusively from
//     before it reads anything until it ends.
//  2. node.json is created once, whole (temporary file, fsync, rename, fsync of
//     the folder), before anything else in the folder but LOCK and peers.json, and never
//     changed. So a folder with a log and without node.json is damaged, not new.
//  3. When Open returns, the identity that it returns is there after any crash,
//     and so is the path that leads to the folder.
//  4. A folder that Open refuses is left as it was, but for an empty LOCK.
//  5. OpenReadOnly changes nothing, not even LOCK.
//
// # node.json
//
//	{
//	  "format": 1,              of the whole folder: a newer one is refused
//	  "node_id": "...",         drawn when the folder was made
//	  "cluster_id": "...",
//	  "created": "2026-01-02T15:04:05Z",
//	  "partitions": 4,          format 2; a folder of one partition has format 1 and no such line
//	  "checksum": "1a2b3c4d"    CRC32C of the other values, each with a newline behind it
//	}
//
// The checksum is there because a flipped bit in an id is good JSON, and would
// make this node a stranger to its own Raft log.
//
// server and cmd import this package. It draws no random number and reads no
// clock: the ids and the time come with Options.
package storage
