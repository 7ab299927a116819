// Package mesh is the connections between the nodes of a cluster.
package mesh
