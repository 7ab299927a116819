// Command millrace is the binary: it reads the command line, has package config
// load the settings, makes the logger and calls package server. It holds no logic
// of its own.
//
// Each command has a file: serve.go, cluster.go, log.go, check.go, config.go, version.go.
//
// Invariants:
//
//  1. An error is printed once, as one line that begins with "millrace: ", on the
//     standard error output, and the exit code is 1; it is 2 when the command line
//     itself is wrong, or 128 and the signal's number when a second signal ended a
//     stop that took too long.
//  2. What a command is asked for goes to the standard output, log records to the
//     standard error output.
package main
