# syntax=docker/dockerfile:1
# Two stages: build with the pinned toolchain, ship one binary. The result runs as a user without a name or a shell and
# holds the binary, the CA roots that TLS is verified against, and nothing else.
#
# The build command and the result, alone in an empty root with the CA roots and glibc's three libraries as user 65532,
# are what is tried when this file changes; the image is built by nobody yet.
#
# Expects: BuildKit, about 12 GB of memory (the generated EC2 crate alone takes 8), network access to the crate registry.
#   docker build -t palisade .
#   docker run --rm palisade demo
#   docker run --rm -v "$PWD/palisade.yaml:/palisade.yaml:ro" palisade scan -c /palisade.yaml

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --package palisade-cli \
    && install -D target/dist/palisade /out/palisade

# checkov:skip=CKV_DOCKER_2: a run ends by itself and its exit code says how; `palisade serve` answers /healthz
# glibc and CA roots, no shell, no package manager; runs as 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/palisade /usr/local/bin/palisade
USER 65532:65532
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
ENTRYPOINT ["/usr/local/bin/palisade"]
CMD ["--help"]
