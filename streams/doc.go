// Package streams holds entries by ID in packed chunks.
package streams
