package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/millrace-io/millrace/integration/node"
)

// defaultNodes is how many nodes a run has unless -nodes says otherwise.
const defaultNodes = 3

var (
	seed     = flag.Uint64("seed", 0, "seed of the first round, 0 for a new one; each round adds 1")
	duration = flag.Duration("chaos-duration", 8*time.Second, "how long new rounds begin, in each test of rounds")
	longest  = flag.Duration("longest", 0, "how long a fault lasts at most, 0: 2s, or 30s in runs of 5m or more")
	nodes    = flag.Int("nodes", defaultNodes, "how many nodes the cluster has")
	parts    = flag.Int("partitions", 1, "how many partitions the cluster has")
	// strict is off by default: a busy machine keeps a quick program waiting, too.
	strict = flag.Bool("strict", false, "hold the program to its times; needs a machine with nothing else to do")
)

// program is the millrace under test.
var program string

// quiet is go-redis' log: that a killed node cannot be dialled is no news.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	if _, hurt := os.LookupEnv(hurtEnv); hurt {
		os.Exit(hurtNode())
	}
	flag.Parse()
	redis.SetLogger(quiet{})
	dir, err := os.MkdirTemp("", "millrace")
	if err == nil {
		program, err = node.Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	if err := leaked(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// leaked looks for goroutines that are left. A pool of go-redis that is closed while its
// server is away leaves one for a dial's time-out and a second of sleep: it has that time.
func leaked() error {
	for deadline := time.Now().Add(15 * time.Second); ; {
		if err := goleak.Find(); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}
