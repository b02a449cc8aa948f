# The service alone: it needs a PostgreSQL (15 or newer), named in DATABASE_URL.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist --features s3,pdf

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates fonts-noto-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/siraj --create-home siraj
COPY --from=build /src/target/dist/siraj /usr/local/bin/siraj
USER siraj
WORKDIR /var/lib/siraj
# The keys live here; lose them and the sealed fields are lost.
VOLUME /var/lib/siraj
ENV SIRAJ_LISTEN=0.0.0.0:8080 SIRAJ_DATA_DIR=/var/lib/siraj
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["siraj", "healthcheck"]
STOPSIGNAL SIGTERM
CMD ["siraj", "serve"]
