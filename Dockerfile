# syntax=docker/dockerfile:1
# Two stages: build with the pinned toolchain, ship one program. The result has no shell and no package manager, runs as a
# user without rights, and needs no place to write to.
#
# What is in it is made by `deploy/image/rootfs.sh`. The tests run the same script and the program in the root that it
# makes, without a container engine (docs/guides/image.md); the image itself was built by nobody yet.
#
# Expects: BuildKit, about 12 GB of memory (the generated EC2 crate alone takes 8), network access to the crate registry.
#   docker build -t palisade .
#   docker run --rm --read-only --cap-drop ALL palisade demo
#   docker run --rm --read-only --cap-drop ALL -v "$PWD/palisade.yaml:/palisade.yaml:ro" palisade scan -c /palisade.yaml

FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates tzdata
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --package palisade-cli \
    && sh deploy/image/rootfs.sh target/dist/palisade /out

# checkov:skip=CKV_DOCKER_2: a run ends by itself and its exit code says how; `palisade serve` answers /healthz
FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Palisade" \
      org.opencontainers.image.description="Who can reach and who can control each Kubernetes cluster on AWS, Azure and Google Cloud" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/palisade-dev/palisade" \
      org.opencontainers.image.documentation="https://github.com/palisade-dev/palisade/tree/main/docs"
COPY --from=build /out/ /
USER 65532:65532
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt HOME=/home/palisade
ENTRYPOINT ["/usr/local/bin/palisade"]
CMD ["--help"]
