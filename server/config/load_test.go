package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/millrace-io/millrace/server/config"
)

// flagSet parses args as a command would.
func flagSet(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, group := range config.Flags() {
		set.AddFlagSet(group.Flags)
	}
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return set
}

func writeFile(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "millrace.yaml")
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, args ...string) *config.Config {
	t.Helper()
	c, err := config.Load(flagSet(t, args...))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLoadWithoutAnythingGivesTheDefaults(t *testing.T) {
	c := load(t)
	if c.Dir != "./millrace-data" || c.Addr != "127.0.0.1:6379" || c.Fsync != config.FsyncAlways || c.Databases != 16 ||
		!c.ProtectedMode || c.ProtoMaxBulkLen != 512<<20 || c.TCPKeepalive != 5*time.Minute || c.LogSegmentBytes != 64<<20 ||
		c.ClientOutputBufferLimit.PubSub != (config.BufferLimit{Hard: 32 << 20, Soft: 8 << 20, Seconds: 60}) {
		t.Errorf("defaults: %+v", c)
	}
	if c, err := config.Load(nil); err != nil || c.Dir != "./millrace-data" {
		t.Errorf("without flags: %+v, %v", c, err)
	}
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	file := writeFile(t, "maxclients: 3\ntimeout: 3m\ndatabases: 3\n")
	t.Setenv("MILLRACE_MAXCLIENTS", "2")
	t.Setenv("MILLRACE_TIMEOUT", "2m")
	c := load(t, "--config", file, "--maxclients", "1")
	if c.MaxClients != 1 || c.Timeout != 2*time.Minute || c.Databases != 3 || c.StreamNodeMaxEntries != 100 {
		t.Errorf("flag 1, environment 2m, file 3, default 100, got %d, %s, %d, %d",
			c.MaxClients, c.Timeout, c.Databases, c.StreamNodeMaxEntries)
	}
}

func TestFileIsNamedByTheEnvironment(t *testing.T) {
	t.Setenv("MILLRACE_CONFIG", writeFile(t, "databases: 3\n"))
	if c := load(t); c.Databases != 3 {
		t.Errorf("databases = %d, want 3", c.Databases)
	}
}

func TestEmptyVariableIsAValue(t *testing.T) {
	t.Setenv("MILLRACE_REQUIREPASS", "")
	c := load(t, "--config", writeFile(t, `requirepass: "secret"`))
	if c.RequirePass != "" {
		t.Errorf("the file's password stands against an empty variable")
	}
}

// Kubernetes sets these wherever a service is named millrace.
func TestServiceLinksOfKubernetesAreNoSettings(t *testing.T) {
	for name, value := range map[string]string{
		"MILLRACE_PORT": "tcp://10.0.0.1:6379", "MILLRACE_SERVICE_HOST": "10.0.0.1", "MILLRACE_SERVICE_PORT": "6379",
		"MILLRACE_SERVICE_PORT_REDIS": "6379", "MILLRACE_PORT_6379_TCP_ADDR": "10.0.0.1", "MILLRACE_PORT_6379_TCP": "tcp://10.0.0.1:6379",
	} {
		t.Setenv(name, value)
	}
	load(t)
}

func TestFileForms(t *testing.T) {
	c := load(t, "--config", writeFile(t, `
protected-mode: false
fsync: no
tcp-keepalive: 60
client-output-buffer-limit: [normal, 1mb, 1kb, 5]
requirepass: "0123"
Maxclients: 7
notify-keyspace-events: xnE
`))
	if c.NotifyKeyspaceEvents != "xnE" {
		t.Errorf("notify-keyspace-events is %q", c.NotifyKeyspaceEvents)
	}
	if c.ProtectedMode || c.Fsync != config.FsyncNo || c.TCPKeepalive != time.Minute || c.RequirePass != "0123" || c.MaxClients != 7 ||
		c.ClientOutputBufferLimit.Normal != (config.BufferLimit{Hard: 1 << 20, Soft: 1 << 10, Seconds: 5}) ||
		c.ClientOutputBufferLimit.PubSub.Hard != 32<<20 {
		t.Errorf("%+v", c)
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct {
		name, file, variable, value string
		args                        []string
		want                        string
	}{
		{name: "unknown variable", variable: "MILLRACE_FSYNK", value: "no", want: "MILLRACE_FSYNK: unknown setting"},
		{name: "variable for the port", variable: "MILLRACE_PORT", value: "6380", want: "MILLRACE_PORT: unknown setting"},
		{name: "unknown key", file: "fsynk: no", want: "millrace.yaml: fsynk: unknown setting"},
		{name: "unknown nested key", file: "fsync:\n  mode: no", want: "millrace.yaml: fsync.mode: unknown setting"},
		{name: "key without a value", file: "fsync:", want: "millrace.yaml: fsync: has no value"},
		{name: "no YAML", file: "fsync: [", want: "millrace.yaml: yaml: "},
		{name: "key twice", file: "fsync: no\nfsync: always", want: "millrace.yaml: yaml: "},
		{name: "number for a text", file: "requirepass: 0123", want: "millrace.yaml: requirepass: put the value in quotes"},
		{name: "list for a word", file: "fsync: [no]", want: "millrace.yaml: fsync: must be a single value"},
		{name: "missing file", args: []string{"--config", "nosuch.yaml"}, want: "read settings: open nosuch.yaml: no such file"},
		{name: "word of a flag", args: []string{"--fsync", "sometimes"}, want: `--fsync: "sometimes" must be one of always, everysec, no`},
		{name: "word of a variable", variable: "MILLRACE_FSYNC", value: "x", want: `MILLRACE_FSYNC: "x" must be one of always, everysec, no`},
		{name: "word of a file", file: "fsync: x", want: `millrace.yaml: fsync: "x" must be one of always, everysec, no`},
		{name: "yes or no", args: []string{"--protected-mode", "maybe"}, want: `--protected-mode: "maybe" must be yes or no`},
		{name: "number", args: []string{"--maxclients", "many"}, want: `--maxclients: "many" must be a whole number`},
		{name: "number too small", args: []string{"--maxclients", "0"}, want: `--maxclients: "0" must be at least 1`},
		{name: "number too large", args: []string{"--databases", "10001"}, want: `--databases: "10001" must be at most 10000`},
		{name: "size", args: []string{"--proto-max-bulk-len", "1xb"}, want: `--proto-max-bulk-len: "1xb" must be a size`},
		{name: "size too small", args: []string{"--proto-max-bulk-len", "1kb"}, want: `--proto-max-bulk-len: "1kb" must be at least 1mb`},
		{name: "size beyond 64 bits", args: []string{"--proto-max-bulk-len", "9999999tb"}, want: `is larger than any size`},
		{name: "negative size", args: []string{"--stream-node-max-bytes", "-1"}, want: `must be a size`},
		{name: "time", args: []string{"--timeout", "5d"}, want: `--timeout: "5d" must be a time`},
		{name: "time with a fraction", args: []string{"--timeout", "1500ms"}, want: `--timeout: "1500ms" must be a whole number of seconds`},
		{name: "time too long", args: []string{"--timeout", "600000h"}, want: `--timeout: "600000h" must be at most 2147483647s`},
		{name: "address without a port", args: []string{"--addr", "localhost"}, want: `--addr: "localhost" must be host:port`},
		{name: "address with a wrong port", args: []string{"--addr", ":65536"}, want: `must end in a port`},
		{name: "no folder", args: []string{"--dir", ""}, want: `--dir: "" must not be empty`},
		{name: "version", args: []string{"--redis-version", "7.4"}, want: `must be three numbers`},
		{name: "event class", args: []string{"--notify-keyspace-events", "KEy"}, want: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."},
		{name: "class of limits", args: []string{"--client-output-buffer-limit", "foo 0 0 0"}, want: "Invalid client class"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := tt.args
			if tt.file != "" {
				args = append(args, "--config", writeFile(t, tt.file))
			}
			if tt.variable != "" {
				t.Setenv(tt.variable, tt.value)
			}
			_, err := config.Load(flagSet(t, args...))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestUnits(t *testing.T) {
	tests := []struct {
		text string
		want int64
	}{
		{"1048576", 1 << 20}, {"1048576b", 1 << 20}, {"2000k", 2000e3}, {"2048kb", 2 << 20}, {"2m", 2e6}, {"2MB", 2 << 20},
		{"2g", 2e9}, {"2Gb", 2 << 30}, {"2t", 2e12}, {"2tb", 2 << 40},
	}
	for _, tt := range tests {
		if c := load(t, "--proto-max-bulk-len", tt.text); c.ProtoMaxBulkLen != tt.want {
			t.Errorf("%s = %d bytes, want %d", tt.text, c.ProtoMaxBulkLen, tt.want)
		}
	}
	for text, want := range map[string]time.Duration{
		"5": 5 * time.Second, "5s": 5 * time.Second, "5000ms": 5 * time.Second, "5m": 5 * time.Minute, "5h": 5 * time.Hour, "0": 0,
	} {
		if c := load(t, "--timeout", text); c.Timeout != want {
			t.Errorf("%s = %s, want %s", text, c.Timeout, want)
		}
	}
}

func TestPasswordIsNotInTheError(t *testing.T) {
	_, err := config.Load(flagSet(t, "--config", writeFile(t, "requirepass: 12345")))
	if err == nil || strings.Contains(err.Error(), "12345") {
		t.Errorf("error %v", err)
	}
}

// Both as it is and with the comment signs taken away, the sample is a file that
// says what the defaults say.
func TestSampleIsTheDefaults(t *testing.T) {
	var active strings.Builder
	for line := range strings.Lines(config.Sample()) {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "###") {
			line = line[1:]
		}
		active.WriteString(line)
	}
	for name, body := range map[string]string{"as it is": config.Sample(), "all active": active.String()} {
		c := load(t, "--config", writeFile(t, body))
		want := config.NewLive(config.Default()).Match("*")
		for i, pair := range config.NewLive(c).Match("*") {
			if pair != want[i] {
				t.Errorf("%s: %v, want %v", name, pair, want[i])
			}
		}
	}
	for _, s := range config.Settings() {
		if !strings.Contains(active.String(), "\n"+s.Name+": ") {
			t.Errorf("sample does not hold %s", s.Name)
		}
	}
}
