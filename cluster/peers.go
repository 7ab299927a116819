package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/millrace-io/millrace/meta"
	"github.com/millrace-io/millrace/storage/vfs"
)

const (
	peersFile   = "peers.json"
	peersTemp   = "peers.json.tmp"
	peersFormat = 1
	peersMax    = 4 << 20 // of a file that claims to be one
)

// Peers is what a node remembers of its cluster for its next start: before the meta
// group has told it anything, it has to know where the others are reached. A folder
// whose node has joined a cluster has it from before it has anything else, so that it
// is never taken for one that is to begin a cluster.
type Peers struct {
	Cluster    string
	Partitions uint32
	Databases  int // 0: not known
	Nodes      []meta.Node
}

// Addr is where a node was last known to be reached.
func (p *Peers) Addr(node uint64) (string, bool) {
	for _, n := range p.Nodes {
		if n.ID == node {
			return n.Addr, true
		}
	}
	return "", false
}

// ErrPeers is returned by LoadPeers for a file that SavePeers can't have written.
var ErrPeers = errors.New("can't be read: remove it and start once with join set to the address of another node")

// peersJSON is Peers in the file and in answers of other nodes.
type peersJSON struct {
	Format     int        `json:"format"`
	Cluster    string     `json:"cluster_id"`
	Partitions uint32     `json:"partitions"`
	Databases  int        `json:"databases,omitempty"`
	Nodes      []nodeJSON `json:"nodes"`
	Checksum   string     `json:"checksum,omitempty"`
}

type nodeJSON struct {
	ID     string `json:"id"`
	Order  uint32 `json:"order"`
	Phase  string `json:"phase"`
	Addr   string `json:"addr"`
	Client string `json:"client,omitempty"`
	Name   string `json:"name,omitempty"`
}

func (p *Peers) encode() peersJSON {
	j := peersJSON{Format: peersFormat, Cluster: p.Cluster, Partitions: p.Partitions, Databases: p.Databases, Nodes: []nodeJSON{}}
	for _, n := range p.Nodes {
		j.Nodes = append(j.Nodes, nodeJSON{meta.FormatID(n.ID), n.Order, n.Phase.String(), n.Addr, n.Client, n.Name})
	}
	j.Checksum = j.sum()
	return j
}

// sum covers all but itself.
func (j peersJSON) sum() string {
	j.Checksum = ""
	b, _ := json.Marshal(j) // strings and numbers can always be written
	return fmt.Sprintf("%08x", crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

func (j peersJSON) decode() (*Peers, error) {
	switch {
	case j.Format != peersFormat:
		return nil, fmt.Errorf("format %d, known is %d", j.Format, peersFormat)
	case j.Checksum != j.sum():
		return nil, errors.New("wrong checksum")
	case j.Cluster == "" || j.Partitions < 1 || j.Partitions > meta.MaxPartitions || len(j.Nodes) > meta.MaxNodes:
		return nil, fmt.Errorf("cluster %q, %d partitions, %d nodes", j.Cluster, j.Partitions, len(j.Nodes))
	}
	if j.Databases < 0 || j.Databases > maxDatabases {
		return nil, fmt.Errorf("%d databases", j.Databases)
	}
	p := &Peers{Cluster: j.Cluster, Partitions: j.Partitions, Databases: j.Databases}
	for _, n := range j.Nodes {
		id, err := meta.ParseID(n.ID)
		if err != nil {
			return nil, err
		}
		p.Nodes = append(p.Nodes, meta.Node{ID: id, Order: n.Order, Phase: phase(n.Phase), Addr: n.Addr, Client: n.Client, Name: n.Name})
	}
	return p, nil
}

func phase(text string) meta.Phase {
	for p := meta.Joining; p <= meta.Leaving; p++ {
		if p.String() == text {
			return p
		}
	}
	return 0
}

// LoadPeers reads the file of a data folder, nil when there is none.
func LoadPeers(fsys vfs.FS, dir string) (*Peers, error) {
	path := filepath.Join(dir, peersFile)
	f, err := fsys.OpenFile(path, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, peersMax))
	if err != nil {
		return nil, err
	}
	var j peersJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, fmt.Errorf("%s %w: %w", path, ErrPeers, err)
	}
	p, err := j.decode()
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", path, ErrPeers, err)
	}
	return p, nil
}

// SavePeers writes the file of a data folder: when it returns, that one is there for
// good; until then the one before.
func SavePeers(fsys vfs.FS, dir string, p *Peers) error {
	b, err := json.MarshalIndent(p.encode(), "", "  ")
	if err != nil {
		return err
	}
	temp, path := filepath.Join(dir, peersTemp), filepath.Join(dir, peersFile)
	if err := writeSynced(fsys, temp, append(b, '\n')); err != nil {
		return err
	}
	if err := fsys.Rename(temp, path); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

// RemovePeers makes sure that a data folder has no such file.
func RemovePeers(fsys vfs.FS, dir string) error {
	err := fsys.Remove(filepath.Join(dir, peersFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

func writeSynced(fsys vfs.FS, path string, b []byte) error {
	f, err := fsys.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
