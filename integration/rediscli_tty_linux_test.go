package integration

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is the side of a pseudo terminal that a person would sit at.
type terminal struct {
	*os.File
	t    *testing.T
	seen []byte // all that was shown
}

// At a terminal redis-cli shows a prompt and, from COMMAND DOCS, how a command goes on
// while it is typed.
func TestRedisCLIInteractive(t *testing.T) {
	path := tool(t, "redis-cli")
	onBoth(t, nil, func(t *testing.T, p *process) {
		host, port, err := net.SplitHostPort(p.Addr)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), path, "-h", host, "-p", port)
		cmd.Env = append(os.Environ(), "TERM=xterm", "HOME="+t.TempDir())
		tty := openTerminal(t, cmd)
		prompt := p.Addr + "> "
		tty.shows(prompt)
		tty.types("xadd ")
		tty.shows("key [NOMKSTREAM]")
		tty.types("k 1-1 f v\r")
		tty.shows("\r\n\"1-1\"\r\n")
		tty.shows(prompt)
		tty.types("multi\r")
		tty.shows(p.Addr + "(TX)> ")
		tty.types("get no\r")
		tty.shows("QUEUED")
		tty.shows("(TX)> ")
		tty.types("exec\r")
		tty.shows("1) (nil)")
		tty.shows(prompt)
		tty.types("select 2\r")
		tty.shows(p.Addr + "[2]> ")
		tty.types("hello 3\r")
		tty.shows(`1# "server" => "redis"`)
		tty.shows(p.Addr + "[2]> ")
		tty.types("xrange\r")
		tty.shows("(error) ERR wrong number of arguments for 'xrange' command")
		tty.shows(p.Addr + "[2]> ")
		tty.types("help xadd\r")
		tty.shows("summary:\x1b[0m Appends an entry to a stream.")
		tty.shows(p.Addr + "[2]> ")
		tty.types("subscribe news\r")
		tty.shows("3) (integer) 1")
		mustDo(t, p.client(), "PUBLISH", "news", "extra")
		tty.shows(`3) "extra"`)
		// Not by closing the terminal: where SIGHUP is ignored, as under nohup, it
		// would go on.
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // killed
	})
}

// openTerminal starts a program at a terminal of its own.
func openTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { tty.Close() })
	number, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(tty.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200})
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &terminal{File: tty, t: t}
}

func (tty *terminal) types(text string) {
	tty.t.Helper()
	if _, err := tty.WriteString(text); err != nil {
		tty.t.Fatal(err)
	}
}

// shows waits until the text appears behind what was waited for before.
func (tty *terminal) shows(text string) {
	tty.t.Helper()
	deadline := time.Now().Add(patience)
	b := make([]byte, 64<<10)
	for {
		if _, behind, found := bytes.Cut(tty.seen, []byte(text)); found {
			tty.seen = behind
			return
		}
		if err := tty.SetReadDeadline(deadline); err != nil {
			tty.t.Fatal(err)
		}
		n, err := tty.Read(b)
		tty.seen = append(tty.seen, b[:n]...)
		if err != nil {
			tty.t.Fatalf("no %q: %v, behind\n%s", text, err, strings.ReplaceAll(string(tty.seen), "\x1b", "^["))
		}
	}
}
