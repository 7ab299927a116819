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
	Addr string // where it serves clients; set once it is ready

	cmd   *exec.Cmd
	ready chan struct{} // closed when it serves
	done  chan struct{} // closed when it has ended

	mu   sync.Mutex // covers logs
	logs []string   // its last log lines
}

// Command is "millrace serve" on a folder. It logs JSON and takes a free port unless
// args say otherwise.
func Command(program, dir string, args ...string) *exec.Cmd {
	args = append([]string{"serve", "--dir", dir, "--addr", "127.0.0.1:0", "--log-format", "json"}, args...)
	return exec.Command(program, args...)
}

// Serve starts Command and waits until it is ready.
func Serve(program, dir string, args ...string) (*Process, error) {
	return Start(Command(program, dir, args...), 3*time.Minute)
}

// Start is Launch and WaitReady. A process that is not ready in time is ended.
func Start(cmd *exec.Cmd, within time.Duration) (*Process, error) {
	p, err := Launch(cmd)
	if err != nil {
		return nil, err
	}
	if err := p.WaitReady(within); err != nil {
		return nil, err
	}
	return p, nil
}

// Launch starts a command that logs JSON lines to its standard error, one of which
// says when it is ready. It does not wait.
func Launch(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, ready: make(chan struct{}), done: make(chan struct{})}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(stderr)
	return p, nil
}

// WaitReady waits until the process is ready. When it is not in time, it is ended, and
// the error shows its log, with the stacks of its goroutines.
func (p *Process) WaitReady(within time.Duration) error {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-p.ready:
		return nil
	case <-p.done:
		return fmt.Errorf("millrace ended before it was ready:\n%s", p.Log())
	case <-late.C:
		p.dump()
		return fmt.Errorf("millrace is not ready after %v:\n%s", within, p.Log())
	}
}

func (p *Process) read(r io.Reader) {
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
			told, p.Addr = true, record.Addr
			close(p.ready)
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

// Ready is closed when the process serves.
func (p *Process) Ready() <-chan struct{} { return p.ready }

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
