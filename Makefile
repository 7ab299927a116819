.PHONY: check build generate

# Everything that CI checks.
check:
	.ci/run

build:
	go build ./cmd/millrace

# Pages that are written from declarations in the code.
generate:
	go generate ./...
