// Package node runs Millrace as a process of its own: built once, started on a
// folder, waited for until it is ready, killed, stopped and held up. It is for tests
// and says what happened as errors; what a test makes of them is its affair.
//
// A process keeps its last log lines, so that a failure can show them, and belongs to
// whoever started it: Kill or Stop must come in the end.
//
// It imports nothing of Millrace. Imported by integration and integration/chaos.
package node
