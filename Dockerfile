FROM rust:1.95-slim-bookworm AS build
WORKDIR /coax
COPY . .
RUN cargo build --release --locked --bin coax

FROM debian:bookworm-slim
COPY --from=build /coax/target/release/coax /usr/local/bin/coax
ENV COAX_DATA=/var/data
EXPOSE 8080
ENTRYPOINT ["coax"]
CMD ["up"]
