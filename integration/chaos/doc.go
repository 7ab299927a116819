// Package chaos runs a cluster of real processes under load, breaks it in every way
// that a test can from outside, and holds what it answered and what is left against
// what it promised. The package itself is empty: all is in its tests.
//
// A run is rounds, each of its own seed: the clients of package workload work through
// random nodes, by go-redis (session_test.go), and record what they see in a history; faults (nemesis_test.go) come one after the other, or one on top of the
// other; in half of the rounds nodes join and leave meanwhile (membership_test.go); then
// everything is healed, the writes must resume, all replicas must come to the same
// state, and the checkers of package history judge. The nodes reach each other through
// package faultnet. TestChaos runs the program as it is; TestChaosOnBadDisks runs the
// same server on disks that fail, and by clocks that jump, on order (hurtnode_test.go).
//
//	go test ./integration/chaos -args -seed 7 -chaos-duration 1h -nodes 3
//
// A seed repeats what is sent and which faults come, not when exactly they meet. A
// round that fails leaves its folder behind: the history, the faults, the nodes' logs
// and data.
package chaos
