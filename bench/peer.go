package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/bench/load"
)

// kind is a server that can be measured.
type kind string

const (
	millrace        kind = "millrace"
	millraceAlone   kind = "millrace-1" // with one partition, beside one with several
	redis           kind = "redis"
	jetstream       kind = "jetstream"
	jetstreamSynced kind = "jetstream-synced"
)

// fsync is when a server syncs what it acknowledges.
type fsync string

const (
	always   fsync = "always"
	everysec fsync = "everysec"
	never    fsync = "no"
)

// server is a process under measurement.
type server struct {
	kind kind
	addr string
	dir  string
	args []string
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
	// members are all nodes of the cluster that it belongs to, itself among them; nil
	// for a server that is on its own.
	members []*server
}

// readyWithin is how long a server may take to answer: it may have a log of millions
// of entries to read.
const readyWithin = 5 * time.Minute

// start starts a server on an empty folder and a free port. partitions are Millrace's, 0
// for one.
func (b *bench) start(k kind, mode fsync, partitions int) (*server, error) {
	dir, err := os.MkdirTemp(b.dir, string(k)+"-")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s := &server{kind: k, addr: addr, dir: dir, args: b.arguments(k, mode, addr, dir)}
	if k == millrace && partitions > 0 {
		s.args = append(s.args, "--partitions", strconv.Itoa(partitions))
	}
	if s.isNATS() {
		if err := writeConf(dir, addr, k); err != nil {
			return nil, err
		}
	}
	if partitions == 0 {
		b.settings[string(k)] = s.describe()
	}
	return s, s.run()
}

// arguments is the command line of a server: where its data is, and its mode.
func (b *bench) arguments(k kind, mode fsync, addr, dir string) []string {
	host, port, _ := net.SplitHostPort(addr) // freeAddr made it
	switch k {
	case redis:
		args := []string{b.redis, "--bind", host, "--port", port, "--dir", dir, "--save", "", "--daemonize", "no"}
		if mode == never {
			return append(args, "--appendonly", "no")
		}
		return append(args, "--appendonly", "yes", "--appendfsync", string(mode))
	case jetstream, jetstreamSynced:
		return []string{b.nats, "-c", filepath.Join(dir, "nats.conf")}
	}
	args := []string{b.millrace, "serve", "--addr", addr, "--dir", dir, "--fsync", string(mode), "--log-level", "error"}
	return append(args, b.profiles...)
}

// describe is the command line without what differs from run to run.
func (s *server) describe() []string {
	var kept []string
	for _, a := range s.args {
		a = strings.ReplaceAll(a, s.dir, "<dir>")
		a = strings.ReplaceAll(a, s.addr, "<addr>")
		kept = append(kept, filepath.Base(a))
	}
	return kept
}

func (s *server) isNATS() bool { return s.kind == jetstream || s.kind == jetstreamSynced }

// freeAddr is an address that nobody listened on a moment ago.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// run starts the process and waits until it answers.
func (s *server) run() error {
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	// A bench that is killed leaves no server behind.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go func(done chan struct{}, cmd *exec.Cmd) {
		_ = cmd.Wait() // how it ended is seen in its output
		close(done)
	}(s.done, s.cmd)
	return s.awaitReady()
}

func (s *server) awaitReady() error {
	for deadline := time.Now().Add(readyWithin); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.done:
			return fmt.Errorf("%s ended at once: %s", s.kind, &s.out)
		default:
		}
		if s.answers() {
			return nil
		}
	}
	return fmt.Errorf("%s does not answer after %v", s.kind, readyWithin)
}

// answers reports whether the server takes commands.
func (s *server) answers() bool {
	c, err := load.Dial(s.addr)
	if err != nil {
		return false
	}
	defer c.Close()
	if s.isNATS() {
		return true
	}
	_, err = c.Do("PING")
	return err == nil
}

// kill ends the process as a crash would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

// stop ends the process and removes its data.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.kill()
	}
	_ = os.RemoveAll(s.dir) // a folder of the bench's own, removed with it in the end
}

// rss is the memory of the process, in bytes.
func (s *server) rss() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb * 1024, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}

// do sends one command on a connection of its own.
func (s *server) do(args ...string) (load.Reply, error) {
	c, err := load.Dial(s.addr)
	if err != nil {
		return load.Reply{}, err
	}
	defer c.Close()
	r, err := c.Do(args...)
	if err != nil {
		return r, fmt.Errorf("%s: %s: %w", s.kind, args[0], err)
	}
	return r, nil
}

// info is a number that INFO gives.
func (s *server) info(field string) (int64, error) {
	r, err := s.do("INFO", "everything")
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(r.Text, "\r\n") {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strconv.ParseInt(value, 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: INFO has no field %s", s.kind, field)
}
