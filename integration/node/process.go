package node

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// keptLines is how many of its last log lines a process keeps.
const keptLines = 3000

// Process is a running millrace. Its methods may be called from any goroutine.
type Process struct {
	Addr string // where it serves clients

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu   sync.Mutex // covers logs
	logs []string   // its last log lines
}

// Serve starts "millrace serve" on a folder and waits until it is ready. It logs JSON
// and takes a free port unless args say otherwise.
func Serve(program, dir string, args ...string) (*Process, error) {
	args = append([]string{"serve", "--dir", dir, "--addr", "127.0.0.1:0", "--log-format", "json"}, args...)
	return Start(exec.Command(program, args...), 3*time.Minute)
}

// Start starts a command that logs JSON lines to its standard error, and waits for
// the line that says it is ready. If there is none in time, the process is ended and
// the error shows its log, with the stacks of its goroutines.
func Start(cmd *exec.Cmd, within time.Duration) (*Process, error) {
	p := &Process{cmd: cmd, done: make(chan struct{})}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go p.read(stderr, ready)
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case p.Addr = <-ready:
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("millrace ended before it was ready:\n%s", p.Log())
	case <-late.C:
		p.dump()
		return nil, fmt.Errorf("millrace is not ready after %v:\n%s", within, p.Log())
	}
}

func (p *Process) read(r io.Reader, ready chan<- string) {
	defer close(p.done)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	told := false
	for lines.Scan() {
		p.mu.Lock()
		p.logs = append(p.logs, lines.Text())
		if len(p.logs) > keptLines {
			p.logs = p.logs[1:]
		}
		p.mu.Unlock()
		var record struct{ Msg, Addr string }
		if !told && json.Unmarshal(lines.Bytes(), &record) == nil && record.Msg == "ready" {
			told = true
			ready <- record.Addr
		}
	}
	_ = p.cmd.Wait() // ProcessState tells
}

// Log is what the process logged last.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, l := range p.logs {
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}

// Pid is the process' id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Kill ends the process with SIGKILL and waits for its end. It ends one that is held
// up as well, and does nothing to one that has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop asks the process to end, by SIGTERM, and waits for a clean end.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // if it has ended, Ended says how
	return p.Ended()
}

// Ended waits until the process has ended, and returns an error when it did not end
// cleanly or not at all.
func (p *Process) Ended() error {
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	select {
	case <-p.done:
	case <-late.C:
		p.dump()
		return fmt.Errorf("millrace does not stop:\n%s", p.Log())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("millrace ended with code %d:\n%s", code, p.Log())
	}
	return nil
}

// dump ends a process that hangs, and has it log the stacks of its goroutines.
func (p *Process) dump() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	late := time.NewTimer(5 * time.Second)
	defer late.Stop()
	select {
	case <-p.done:
	case <-late.C:
		p.Kill()
	}
}

// Freeze holds the process up with SIGSTOP, until Thaw.
func (p *Process) Freeze() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Thaw lets a process go on that was held up.
func (p *Process) Thaw() error { return p.cmd.Process.Signal(syscall.SIGCONT) }
