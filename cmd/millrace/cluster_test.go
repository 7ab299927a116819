package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/tidwall/redcon"

	"github.com/millrace-io/millrace/commands"
	"github.com/millrace-io/millrace/commands/commandstest"
	"github.com/millrace-io/millrace/resp/wire"
)

// startNode serves the commands in process, in the cluster of commandstest.ThreeNodes or,
// with alone, in none. A password that is not empty is asked for.
func startNode(t *testing.T, password string, alone bool) (addr string) {
	t.Helper()
	core := commandstest.NewCore()
	if !alone {
		core = commandstest.NewClusterCore(func(*commands.Machine) commands.Cluster {
			return commandstest.NewCluster(commandstest.ThreeNodes())
		})
	}
	node, err := core.Reset(wire.RESP2)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- redcon.Serve(listener, func(c redcon.Conn, cmd redcon.Command) {
			switch in, _ := c.Context().(bool); {
			case strings.EqualFold(string(cmd.Args[0]), "auth"):
				c.SetContext(string(cmd.Args[1]) == password)
				c.WriteString("OK")
			case password != "" && !in:
				c.WriteError("NOAUTH Authentication required.")
			default:
				reply, err := node.Do(cmd.Args)
				if err != nil {
					t.Error(err)
				}
				c.WriteRaw(reply)
			}
		}, func(redcon.Conn) bool { return true }, nil)
	}()
	t.Cleanup(func() {
		listener.Close()
		<-served
	})
	return listener.Addr().String()
}

const threeNodes = `NODE               STATE  CLUSTER ADDRESS  CLIENT ADDRESS  VOTES  LEADS  LAG
a000000000000001*  up     127.0.0.1:17001  127.0.0.1:7001  yes    0      0,0
b000000000000002   up     127.0.0.1:17002  127.0.0.1:7002  yes    1      0,0
c000000000000003   up     127.0.0.1:17003  127.0.0.1:7003  yes    -      3,0
`

const fourNodes = threeNodes + `d000000000000004   joining  127.0.0.1:17004  127.0.0.1:7004  no     -      ?,?
`

func TestClusterCommands(t *testing.T) {
	for _, row := range []struct {
		name, args string // one command line behind the other, with ; between
		password   string
		alone      bool
		code       int
		stdout     string // of the last one, without regard to the width of columns
		stderr     string // contained in it
	}{
		{name: "status", args: "status", stdout: threeNodes},
		{name: "password", args: "status --password pw", password: "pw", stdout: threeNodes},
		{name: "no password", args: "status", password: "pw", code: 1, stderr: ": NOAUTH Authentication required.\n"},
		{name: "add", args: "add 127.0.0.1:17004", stdout: "node at 127.0.0.1:17004 was added\n"},
		{name: "add and look", args: "add 127.0.0.1:17004; status", stdout: fourNodes},
		{name: "add one that is not there", args: "add 127.0.0.1:1", code: 1, stderr: ": add 127.0.0.1:1: connection refused\n"},
		{name: "remove", args: "remove c000000000000003", stdout: "node c000000000000003 was removed\n"},
		{name: "remove nobody", args: "remove d000000000000004", code: 1, stderr: ": no node d000000000000004 in this cluster\n"},
		{name: "transfer", args: "transfer; status", stdout: strings.NewReplacer("yes 0 0,0", "yes - 0,0", "yes 1 0,0", "yes - 0,0", "yes - 3,0", "yes 0,1 3,0").Replace(narrow(threeNodes))},
		{name: "transfer of one", args: "transfer 0 b000000000000002", stdout: "leadership was transferred\n"},
		{name: "transfer of one that is not there", args: "transfer 7", code: 1, stderr: ": no partition '7': there are 2, the first is 0\n"},
		{name: "snapshot", args: "snapshot", stdout: "snapshot was taken\n"},
		{name: "snapshot fails", args: "snapshot 1", code: 1, stderr: ": a snapshot is being taken already\n"},
		{name: "on its own", args: "status", alone: true, code: 1, stderr: ": this node is not in a cluster: start it with cluster-addr\n"},
		{name: "too few arguments", args: "add", code: 2, stderr: "millrace: usage: millrace cluster add host:port [flags]"},
		{name: "too many arguments", args: "remove a b", code: 2, stderr: "millrace: usage: millrace cluster remove node-id [flags]"},
		{name: "status takes none", args: "status x", code: 2, stderr: `millrace: millrace cluster status takes no argument: "x"`},
		{name: "unknown command", args: "sattus", code: 2, stderr: `millrace: unknown command "sattus"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			addr := startNode(t, row.password, row.alone)
			var stdout, stderr bytes.Buffer
			code := 0
			for _, line := range strings.Split(row.args, ";") {
				stdout.Reset()
				args := append([]string{"cluster"}, strings.Fields(line)...)
				if row.code != 2 {
					args = append(args, "--addr", addr)
				}
				code = run(args, commandSet{}, &stdout, &stderr)
			}
			if code != row.code || narrow(stdout.String()) != narrow(row.stdout) || !strings.Contains(stderr.String(), row.stderr) || row.stderr == "" && stderr.Len() > 0 {
				t.Errorf("exit code %d, want %d\nstdout: %s\nwant: %s\nstderr: %s", code, row.code, &stdout, row.stdout, &stderr)
			}
		})
	}
}

// narrow makes one blank of many.
func narrow(table string) string {
	lines := strings.Split(table, "\n")
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	return strings.Join(lines, "\n")
}

func TestClusterCommandOfWhatIsNoMillrace(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- redcon.Serve(listener, func(c redcon.Conn, _ redcon.Command) {
			c.WriteError("ERR unknown command 'MILLRACE', with args beginning with: 'nodes' ")
		}, func(redcon.Conn) bool { return true }, nil)
	}()
	var stdout, stderr bytes.Buffer
	code := run([]string{"cluster", "status", "--addr", listener.Addr().String()}, commandSet{}, &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "this is no Millrace that knows of clusters") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	listener.Close()
	<-served
	stderr.Reset()
	if code := run([]string{"cluster", "status", "--addr", listener.Addr().String()}, commandSet{}, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "connection refused") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

// A node that says nothing: what was asked for may still happen.
func TestClusterCommandGivesUpInTime(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // it takes connections and nobody answers
	var stdout, stderr bytes.Buffer
	code := run([]string{"cluster", "snapshot", "--wait", "50ms", "--addr", listener.Addr().String()}, commandSet{}, &stdout, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "no answer in time: it may be done yet, millrace cluster status will tell") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
