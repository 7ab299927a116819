package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// untilSignal returns a context that ends with the first SIGTERM or SIGINT. A second
// one means that whoever waits has lost patience: exit is called at once. stop gives
// the signals back and waits for the goroutine that listened.
func untilSignal(parent context.Context, logger *slog.Logger, exit func(code int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2) // never closed: signal.Stop ends the sending
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	done := make(chan struct{}) // closed by stop

	var listener sync.WaitGroup
	listener.Go(func() {
		select {
		case s := <-signals:
			logger.Info("stopping", "signal", s.String())
			cancel()
		case <-done:
			return
		}
		select {
		case s := <-signals:
			logger.Warn("stopped before all was finished", "signal", s.String())
			exit(signalCode(s))
		case <-done:
		}
	})
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		listener.Wait()
		cancel()
	}
}

// signalCode is the exit code that shells give to a process ended by s.
func signalCode(s os.Signal) int {
	if number, ok := s.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return 1
}
