package main

import (
	"os"

	"github.com/millrace-io/millrace/server"
)

func main() {
	set := commandSet{Serve: server.Run, Check: server.Check, DumpLog: server.DumpLog}
	os.Exit(run(os.Args[1:], set, os.Stdout, os.Stderr))
}
