// Package millrace_test holds what is true of the module as a whole: which package
// may import which.
package millrace_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/millrace-io/millrace/"

// floor is a package and the packages of the module that it may import, by their
// folders.
type floor struct{ folder, imports string }

// floors is the house from the top down: a package may import only what its line
// names, and a line names only packages further down.
var floors = []floor{
	{"bench", "bench/load"},
	{"bench/load", ""},
	{"integration", "integration/node server server/config resp/wire"},
	{"integration/chaos", "integration/node integration/chaos/workload integration/chaos/history integration/chaos/faultnet"},
	{"integration/sim", "integration/chaos/workload integration/chaos/history cluster server server/config storage/log storage/vfs replication/mesh/meshtest"},
	{"integration/chaos/workload", "integration/chaos/history"},
	{"integration/chaos/history", ""},
	{"integration/chaos/faultnet", ""},
	{"integration/node", ""},
	{"cmd/millrace", "server server/config"},
	{"server", "server/config resp cluster meta replication replication/mesh replication/raftstore commands pubsub tracking blocking storage storage/snapshot storage/log storage/vfs keyspace groups streams resp/wire glob"},
	{"server/config", "glob"},
	{"resp", "replication commands pubsub tracking blocking resp/wire glob"},
	{"cluster", "replication replication/mesh meta blocking storage/vfs resp/wire"},
	{"replication", "replication/raftstore blocking storage/snapshot storage/log storage/vfs resp/wire internal/broken"},
	{"replication/mesh", ""},
	{"replication/mesh/meshtest", ""},
	{"replication/raftstore", "storage/snapshot storage/log storage/vfs internal/broken"},
	{"commands/commandstest", "commands pubsub tracking keyspace groups streams resp/wire"},
	{"commands", "pubsub tracking blocking keyspace groups idmp rdb streams resp/wire glob"},
	{"pubsub", "glob"},
	{"tracking", ""},
	{"blocking", ""},
	{"storage", "storage/snapshot storage/log storage/vfs"},
	{"storage/storagetest", "storage/snapshot storage/log storage/vfs"},
	{"storage/snapshot", "storage/vfs"},
	{"storage/log", "storage/vfs internal/broken"},
	{"storage/vfs", ""},
	{"meta", "decode"},
	{"keyspace", "groups idmp streams decode"},
	{"groups", "streams decode"},
	{"idmp", "streams decode"},
	{"rdb", "streams"},
	{"streams", ""},
	{"decode", ""},
	{"resp/wire", ""},
	{"glob", ""},
	{"internal/broken", ""},
}

// doors are the libraries that come in by few packages only, so that they can be
// replaced. Tests are not held to it: they may check us against the library.
var doors = map[string][]string{
	"github.com/tidwall/redcon":               {"resp"},
	"github.com/tidwall/wal":                  {"storage/storagetest"},
	"github.com/hashicorp/raft":               {"replication", "replication/mesh", "replication/raftstore", "storage/storagetest"},
	"github.com/klauspost/compress":           {"replication/mesh"},
	"github.com/redis/go-redis":               {"integration"},
	"github.com/gomodule/redigo":              {"cmd/millrace"},
	"github.com/anishathalye/porcupine":       {"integration/chaos/history"},
	"github.com/nats-io/nats.go":              {"bench"},
	"github.com/HdrHistogram/hdrhistogram-go": {"bench"},
	"gonum.org/v1/plot":                       {"bench"},
	"github.com/spf13/viper":                  {"server/config"},
	"github.com/spf13/cobra":                  {"cmd/millrace"},
	"github.com/spf13/pflag":                  {"server/config", "cmd/millrace"},
	"golang.org/x/term":                       {"cmd/millrace"},
	"pgregory.net/rapid":                      {"storage/storagetest"},
	"go.uber.org/goleak":                      {"storage/storagetest"},
}

// pure are the packages that can be replayed: they do no I/O, read no clock and
// draw no random number, so they import nothing that does.
var (
	pure   = []string{"decode", "meta", "streams", "groups", "idmp", "rdb", "keyspace", "resp/wire", "glob"}
	impure = []string{"os", "net", "time", "context", "syscall", "io/fs", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "hash/maphash"}
)

// source is a Go file of the module and what it imports.
type source struct {
	folder, file string
	test         bool
	imports      []string
}

func TestEveryLineNamesOnlyLowerFloors(t *testing.T) {
	for i, f := range floors {
		for _, imported := range strings.Fields(f.imports) {
			if at := indexOf(imported); at <= i {
				t.Errorf("floor %s may import %s, which stands above it or nowhere", f.folder, imported)
			}
		}
	}
}

func TestImportsPointDown(t *testing.T) {
	for _, s := range sources(t) {
		at := indexOf(s.folder)
		if at < 0 {
			if s.folder != "." {
				t.Errorf("%s: folder %s has no line in the floors of layers_test.go", s.file, s.folder)
			}
			continue
		}
		for _, imported := range s.imports {
			folder, ours := strings.CutPrefix(imported, module)
			if ours && !mayImport(s, at, folder) {
				t.Errorf("%s imports %s: not among what %s may import (layers_test.go)", s.file, folder, s.folder)
			}
		}
	}
}

// mayImport lets tests also import their own package and every one further down.
func mayImport(s source, at int, imported string) bool {
	if slices.Contains(strings.Fields(floors[at].imports), imported) {
		return true
	}
	return s.test && indexOf(imported) >= at || s.test && strings.HasSuffix(imported, "test")
}

func TestLibrariesHaveOneDoor(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, imported := range s.imports {
			for library, folders := range doors {
				if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.Contains(folders, s.folder) {
					t.Errorf("%s imports %s, which comes in only by %v", s.file, imported, folders)
				}
			}
		}
	}
}

func TestPurePackagesImportNothingImpure(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !slices.Contains(pure, s.folder) {
			continue
		}
		for _, imported := range s.imports {
			if slices.Contains(impure, imported) {
				t.Errorf("%s imports %s: %s does no I/O and has no clock, no chance", s.file, imported, s.folder)
			}
		}
	}
}

func TestEveryPackageHasItsDoc(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		if seen[s.folder] || s.folder == "." {
			continue
		}
		seen[s.folder] = true
		if _, err := os.Stat(filepath.Join(filepath.FromSlash(s.folder), "doc.go")); err != nil {
			t.Errorf("package %s has no doc.go", s.folder)
		}
	}
	if len(seen) == 0 {
		t.Error("no package found: the test looks in the wrong place")
	}
}

// indexOf is the place of a folder in floors, -1 for none.
func indexOf(folder string) int {
	return slices.IndexFunc(floors, func(f floor) bool { return f.folder == folder })
}

// sources reads the imports of every Go file, whatever its build constraints.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if hidden := strings.HasPrefix(entry.Name(), ".") && file != "."; hidden || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(file) == ".go" {
			out = append(out, read(t, filepath.ToSlash(file)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t *testing.T, file string) source {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	s := source{folder: path.Dir(file), file: file, test: strings.HasSuffix(file, "_test.go")}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		s.imports = append(s.imports, imported)
	}
	return s
}
