# syntax=docker/dockerfile:1
# oly-passkey, certificates and nothing else. Build it with
#   docker build -t oly-passkey .
# and run it with a read-only root: it writes below /data only.

# Where the program comes from: built here, or released, which is how GoReleaser
# puts in what it built already.
ARG BINARY=build

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download && go mod verify
# With .git, so that "oly-passkey version" names the commit.
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags '-s -w' -o /oly-passkey ./cmd/oly-passkey

FROM scratch AS released
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/oly-passkey /oly-passkey

FROM ${BINARY} AS binary

# A volume takes its owner from the folder that it is mounted over.
FROM --platform=$BUILDPLATFORM busybox:1.37 AS data
RUN mkdir -m 0700 /data

FROM gcr.io/distroless/static-debian12:nonroot
LABEL org.opencontainers.image.title="oly-passkey" \
      org.opencontainers.image.description="passkeys on Ory Kratos that work the first time and stay working" \
      org.opencontainers.image.source="https://github.com/olympusoss/oly-passkey" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=binary /oly-passkey /usr/local/bin/oly-passkey
COPY --from=data --chown=65532:65532 /data /data
USER 65532:65532
WORKDIR /data
# 4477: the API; 4478: metrics and health.
EXPOSE 4477 4478
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/oly-passkey", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/oly-passkey"]
CMD ["help"]
