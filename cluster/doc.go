// Package cluster is a node's place in its cluster.
package cluster
