package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/server"
	"github.com/millrace-io/millrace/server/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakes stand for the server; each says what it was called with.
func fakes(err error) commandSet {
	return commandSet{
		Serve: func(_ context.Context, c *config.Config, logger *slog.Logger, ready func(string)) error {
			logger.Info("opened", "path", c.Dir)
			ready("127.0.0.1:40001")
			return err
		},
		Check: func(dir string, w io.Writer) error {
			fmt.Fprintln(w, "checked", dir)
			return err
		},
		DumpLog: func(dir string, o server.DumpOptions, w io.Writer) error {
			fmt.Fprintln(w, "dumped", dir, o.Group, o.From, o.To)
			return err
		},
	}
}

func TestCommandLine(t *testing.T) {
	failure := errors.New("listen on 127.0.0.1:6379:\n\taddress already in use")
	tests := []struct {
		name, args string
		err        error
		code       int
		stdout     string // contained in it
		stderr     string
	}{
		{name: "serve", args: "serve --dir x", stderr: `"msg":"opened","path":"x"`},
		{name: "ready line in JSON", args: "serve", stderr: `"msg":"ready","addr":"127.0.0.1:40001"`},
		{name: "ready line as text", args: "serve --log-format text", stderr: `msg=ready addr=127.0.0.1:40001`},
		{name: "serve fails in one line", args: "serve", err: failure, code: 1, stderr: "millrace: listen on 127.0.0.1:6379: address already in use\n"},
		{name: "bad value", args: "serve --fsync x", code: 1, stderr: `millrace: --fsync: "x" must be one of always, everysec, no` + "\n"},
		{name: "unknown flag", args: "serve --fsynk x", code: 2, stderr: "millrace: unknown flag: --fsynk\n"},
		{name: "flag without a value", args: "serve --fsync", code: 2, stderr: "millrace: flag needs an argument: --fsync\n"},
		{name: "unknown command", args: "sevre", code: 2, stderr: `millrace: unknown command "sevre" (millrace --help lists the commands)` + "\n"},
		{name: "unknown command below log", args: "log x", code: 2, stderr: `millrace: unknown command "x" (millrace log --help lists the commands)` + "\n"},
		{name: "argument where none belongs", args: "serve x", code: 2, stderr: `millrace: millrace serve takes no argument: "x"`},
		{name: "no command shows the commands", args: "", stdout: "Run a node"},
		{name: "help of serve has groups", args: "serve --help", stdout: "\nClients:\n      --addr text "},
		{name: "check", args: "check --dir x", stdout: "checked x\n"},
		{name: "check finds damage and says what it read", args: "check --dir x", err: failure, code: 1, stdout: "checked x\n", stderr: "millrace: listen"},
		{name: "log dump", args: "log dump --dir x", stdout: fmt.Sprintf("dumped x -1 0 %d\n", uint64(math.MaxUint64))},
		{name: "log dump of a part", args: "log dump --dir x --group 1 --from 5 --to 7", stdout: "dumped x 1 5 7\n"},
		{name: "config sample", args: "config sample", stdout: "\n#fsync: always\n"},
		{name: "version", args: "version", stdout: "millrace "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(strings.Fields(tt.args), fakes(tt.err), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("exit code %d, want %d\nstdout: %s\nstderr: %s", code, tt.code, &stdout, &stderr)
			}
			if n := strings.Count(stderr.String(), "millrace: "); code != 0 && n < 1 || code == 0 && n != 0 {
				t.Errorf("%d lines of error, exit code %d: %s", n, code, &stderr)
			}
		})
	}
}

func TestUnknownVariableStopsTheStart(t *testing.T) {
	t.Setenv("MILLRACE_FSYNK", "no")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"serve"}, fakes(nil), &stdout, &stderr); code != 1 || !strings.HasPrefix(stderr.String(), "millrace: MILLRACE_FSYNK: unknown setting") {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}
