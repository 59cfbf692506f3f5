// Package manifests checks the deployment files that init writes with the programs that
// read them: Compose's own loader, kustomize, the types and the Pod Security admission
// of Kubernetes, and systemd. It is a separate module, so that none of them becomes a
// dependency of the product.
package manifests
