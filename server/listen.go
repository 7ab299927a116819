package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"syscall"

	"github.com/millrace-io/millrace/server/config"
)

// All addresses are taken while the node is opened, before it says a word to other nodes: one that
// joined and then found its port taken would leave a dead member behind. Nothing is
// accepted before there is somebody to serve it; who connects earlier waits.

// listenForNodes takes the address for other nodes, if there is to be one.
func (n *Node) listenForNodes(c *config.Config) (err error) {
	if !c.Clustered() {
		return nil
	}
	listen := n.outside.Listen
	if listen == nil {
		listen = func(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }
	}
	n.bus, err = listen(c.ClusterAddr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen for other nodes on %s: %w: stop the process that has it, or choose another with --cluster-addr", c.ClusterAddr, syscall.EADDRINUSE)
	}
	if err != nil {
		return fmt.Errorf("listen for other nodes on %s: %w", c.ClusterAddr, err)
	}
	return nil
}

// listenForClients takes the addresses for clients.
func (n *Node) listenForClients(c *config.Config) error {
	addr, err := n.front.Listen(c.Addr)
	if err != nil {
		return err
	}
	n.addr = addr.String()
	n.tellAddr(n.addr)
	if c.UnixSocket == "" {
		return nil
	}
	perm, _ := strconv.ParseUint(c.UnixSocketPerm, 8, 16) // the setting was checked
	return n.front.ListenUnix(c.UnixSocket, fs.FileMode(perm))
}
