// The bench command is where every claim about speed comes from:
//
//	go run ./bench                     all cases
//	go run ./bench -list               their names and goals
//	go run ./bench -case xadd/always   those that match the expression
//	go run ./bench -write docs         docs/benchmarks.md with its plots
//
// It builds and starts Millrace and, where they are installed, redis-server and
// nats-server, on free ports of 127.0.0.1 with their data beside each other on one
// disk, and plays the same work on each, interleaved round by round. What counts is
// the ratio within one run: absolute figures differ between machines and hours.
//
// A case is honest only if it
//
//  1. runs each server with its default settings, the durability mode apart;
//  2. reads every reply, and has errors end the run;
//  3. checks at the end of a round that the server holds what was acknowledged
//     (XLEN, XPENDING);
//  4. has Millrace prove by its counters, in mode always, that no write to the log
//     went without its sync.
//
// The cases cluster/... are played on three nodes on this machine: a Millrace in mode
// always beside a JetStream with three replicas of its stream, which syncs before it
// acknowledges (sync_interval: always) or after (its default). There, what was
// acknowledged is counted through each node, each node proves 4, and a majority that it
// synced during the round. A cluster is started once and runs until the bench ends.
// cluster/failover kills the leader once for each of -rounds.
//
// It needs Linux: memory is read from /proc.
package main
