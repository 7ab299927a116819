//go:build unix

package main

import (
	"context"
	"log/slog"
	"syscall"
	"testing"
)

func TestFirstSignalEndsTheContextSecondOneTheProcess(t *testing.T) {
	exits := make(chan int, 1)
	ctx, stop := untilSignal(context.Background(), slog.New(slog.DiscardHandler), func(code int) { exits <- code })
	defer stop()
	signalSelf(t, syscall.SIGTERM)
	<-ctx.Done()
	select {
	case code := <-exits:
		t.Fatalf("first signal ended the process with %d", code)
	default:
	}
	signalSelf(t, syscall.SIGINT)
	if code := <-exits; code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}

func TestStopWithoutASignalLeavesNothingRunning(t *testing.T) {
	ctx, stop := untilSignal(context.Background(), slog.New(slog.DiscardHandler), func(int) { t.Error("exit") })
	stop()
	<-ctx.Done()
}

func signalSelf(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), s); err != nil {
		t.Fatal(err)
	}
}
