package storage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/millrace-io/millrace/storage/vfs"
)

const (
	// folderFormat is the format of the data folder as a whole. What lies in it
	// has formats of its own; this one changes when an older Millrace could harm
	// the folder by using it.
	folderFormat = 2
	// oldFormat is what a folder of one partition is still written as: a Millrace
	// that knows of no others does it no harm.
	oldFormat = 1

	nodeFile = "node.json"
	nodeTemp = nodeFile + tempSuffix
	// nodeMax bounds what is read of a file that claims to be node.json.
	nodeMax = 64 << 10
)

// Node is who a node is, from the day its folder was made.
type Node struct {
	ID        string
	ClusterID string
	Created   time.Time // UTC, whole seconds
	// Partitions is how many the cluster was made with. Keys are where they are by
	// it, so it never changes.
	Partitions int
}

// nodeJSON is Node in the file; see doc.go.
type nodeJSON struct {
	Format     int    `json:"format"`
	NodeID     string `json:"node_id"`
	ClusterID  string `json:"cluster_id"`
	Created    string `json:"created"`
	Partitions int    `json:"partitions,omitempty"` // since format 2
	Checksum   string `json:"checksum"`
}

func (n nodeJSON) sum() string {
	text := fmt.Sprintf("%d\n%s\n%s\n%s\n", n.Format, n.NodeID, n.ClusterID, n.Created)
	if n.Format > oldFormat {
		text += fmt.Sprintf("%d\n", n.Partitions)
	}
	return fmt.Sprintf("%08x", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

func encodeNode(n Node) ([]byte, error) {
	if n.ID == "" || n.ClusterID == "" {
		return nil, errors.New("node id and cluster id must not be empty")
	}
	j := nodeJSON{Format: oldFormat, NodeID: n.ID, ClusterID: n.ClusterID, Created: n.Created.UTC().Format(time.RFC3339)}
	if n.Partitions > 1 {
		j.Format, j.Partitions = folderFormat, n.Partitions
	}
	j.Checksum = j.sum()
	b, err := json.MarshalIndent(j, "", "  ")
	return append(b, '\n'), err
}

// decodeNode looks at the format before anything else: in a newer one the rest
// may have any shape.
func decodeNode(dir string, b []byte) (Node, error) {
	var format struct {
		Format *int `json:"format"`
	}
	if err := json.Unmarshal(b, &format); err != nil {
		return Node{}, damaged(dir, "%s: %w", nodeFile, err)
	}
	if format.Format == nil || *format.Format < 1 {
		return Node{}, damaged(dir, "%s has no format number", nodeFile)
	}
	if *format.Format > folderFormat {
		return Node{}, &FolderError{Dir: dir, Kind: ErrNewerFormat, Advice: adviceNewer,
			Cause: fmt.Errorf("%s says format %d, known up to %d", nodeFile, *format.Format, folderFormat)}
	}
	var j nodeJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return Node{}, damaged(dir, "%s: %w", nodeFile, err)
	}
	return j.node(dir)
}

func (n nodeJSON) node(dir string) (Node, error) {
	if n.NodeID == "" || n.ClusterID == "" {
		return Node{}, damaged(dir, "%s lacks an id", nodeFile)
	}
	if n.Checksum != n.sum() {
		return Node{}, damaged(dir, "%s has been changed since it was written (wrong checksum)", nodeFile)
	}
	created, err := time.Parse(time.RFC3339, n.Created)
	if err != nil {
		return Node{}, damaged(dir, "%s: %w", nodeFile, err)
	}
	if n.Format > oldFormat && n.Partitions < 1 {
		return Node{}, damaged(dir, "%s lacks the number of partitions", nodeFile)
	}
	return Node{ID: n.NodeID, ClusterID: n.ClusterID, Created: created, Partitions: max(n.Partitions, 1)}, nil
}

// readNode returns fs.ErrNotExist when there is no node.json.
func readNode(fsys vfs.FS, dir string) (Node, error) {
	f, err := fsys.OpenFile(filepath.Join(dir, nodeFile), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return Node{}, err
	}
	if err != nil {
		return Node{}, &FolderError{Dir: dir, Cause: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, nodeMax+1))
	switch {
	case err != nil:
		return Node{}, &FolderError{Dir: dir, Cause: err}
	case len(b) > nodeMax:
		return Node{}, damaged(dir, "%s is larger than %d bytes", nodeFile, nodeMax)
	case len(bytes.Trim(b, "\x00")) == 0:
		return Node{}, damaged(dir, "%s is empty", nodeFile)
	}
	return decodeNode(dir, b)
}

// writeNode makes node.json appear whole. The caller syncs the folder.
func writeNode(fsys vfs.FS, dir string, n Node) error {
	b, err := encodeNode(n)
	if err != nil {
		return &FolderError{Dir: dir, Cause: err}
	}
	return replaceFile(fsys, dir, nodeFile, b)
}
