// Package release checks the release files with the programs that read them: the
// Dockerfile with BuildKit's parser, .goreleaser.yaml with GoReleaser's own
// configuration, workflows with actionlint. It is a separate module, so that none of
// them becomes a dependency of the product.
package release
