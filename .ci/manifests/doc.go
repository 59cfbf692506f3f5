// Package manifests holds what init writes for a deployment against the programs
// that will read it: Compose's own loader, kustomize, the types and the Pod
// Security admission of Kubernetes, systemd. It is a module of its own, so that
// none of them becomes a dependency of the product.
package manifests
