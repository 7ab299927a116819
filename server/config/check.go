package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

func notEmpty(value string) error {
	if value == "" {
		return errors.New("must not be empty")
	}
	return nil
}

func isAddr(value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return errors.New("must be host:port")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("must end in a port between 0 and 65535")
	}
	return nil
}

// isAddrOrEmpty accepts an address, or none.
func isAddrOrEmpty(value string) error {
	if value == "" {
		return nil
	}
	return isAddr(value)
}

// isJoin accepts addresses, none, or the word for waiting.
func isJoin(value string) error {
	if value == joinWait {
		return nil
	}
	return isAddrList(value)
}

// isAddrList accepts addresses with commas between, or none.
func isAddrList(value string) error {
	for _, addr := range splitList(value) {
		if err := isAddr(addr); err != nil {
			return fmt.Errorf("%w, and commas between several", err)
		}
	}
	return nil
}

// splitList takes a list with commas apart.
func splitList(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

// isPermission accepts the permissions of a file, in octal digits.
func isPermission(value string) error {
	if n, err := strconv.ParseUint(value, 8, 16); err != nil || n > 0o777 {
		return errors.New("must be octal digits, as 700")
	}
	return nil
}

// isVersion accepts what rueidis and others can split at the dots.
func isVersion(value string) error {
	parts := strings.Split(value, ".")
	for _, part := range parts {
		if _, err := strconv.ParseUint(part, 10, 16); err != nil {
			return errors.New("must be three numbers, as 7.4.0")
		}
	}
	if len(parts) != 3 {
		return errors.New("must be three numbers, as 7.4.0")
	}
	return nil
}
