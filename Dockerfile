# syntax=docker/dockerfile:1
# Two images: the sidecar (the default) and, with --target cli, the command line.
#   docker build -t oly-passkey-sidecar .
#   docker build -t oly-passkey --target cli .
# Each holds one program and certificates. The sidecar writes below /data only, so
# run it with a read-only root file system.

# Where the programs come from: built here, or released, which is how GoReleaser
# adds what it has built.
ARG BINARY=build

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download && go mod verify
# With .git, so that "oly-passkey version" names the commit.
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags '-s -w' -o / ./cmd/oly-passkey ./cmd/oly-passkey-sidecar

FROM scratch AS released
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/oly-passkey* /

FROM ${BINARY} AS binary

# A volume takes its owner from the folder that it is mounted over.
FROM --platform=$BUILDPLATFORM busybox:1.37 AS data
RUN mkdir -m 0700 /data

FROM gcr.io/distroless/static-debian12:nonroot AS base
LABEL org.opencontainers.image.source="https://github.com/olympusoss/oly-passkey" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 65532:65532

FROM base AS cli
LABEL org.opencontainers.image.title="oly-passkey" \
      org.opencontainers.image.description="set up, check and run passkeys on Ory Kratos"
COPY --from=binary /oly-passkey /usr/local/bin/oly-passkey
ENTRYPOINT ["/usr/local/bin/oly-passkey"]
CMD ["help"]

FROM base AS sidecar
LABEL org.opencontainers.image.title="oly-passkey-sidecar" \
      org.opencontainers.image.description="maps WebAuthn user handles to Ory Kratos identities"
COPY --from=binary /oly-passkey-sidecar /usr/local/bin/oly-passkey-sidecar
COPY --from=data --chown=65532:65532 /data /data
WORKDIR /data
# 4477: the API; 4478: metrics and health.
EXPOSE 4477 4478
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/oly-passkey-sidecar", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/oly-passkey-sidecar"]
CMD ["help"]
