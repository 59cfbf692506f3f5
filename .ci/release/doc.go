// Package release holds what is published against the programs that will read
// it: the Dockerfile against BuildKit's parser, .goreleaser.yaml against
// GoReleaser's own configuration, workflows against actionlint. It is a module of
// its own, so that none of them becomes a dependency of the product.
package release
