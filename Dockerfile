FROM rust:1.95-slim-bookworm AS build
WORKDIR /coax
COPY . .
RUN cargo build --release --locked --workspace --bin coax --bin relay

FROM debian:bookworm-slim
COPY --from=build /coax/target/release/coax /coax/target/release/relay /usr/local/bin/
ENV COAX_DATA=/var/data
EXPOSE 8080
CMD ["coax", "up"]
