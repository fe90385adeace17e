# Staging server and loader in one image: PostgreSQL 15 with the extension, and the lakemover binary,
# which runs its embedded staging as the user postgres. Needs a Docker engine:
#   docker build -t lakemover . && docker run --rm lakemover --help
FROM debian:bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make git ca-certificates
WORKDIR /src
COPY . .
RUN make deps && make all && make install DESTDIR=/out

FROM debian:bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-common ca-certificates \
    && sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends postgresql-15 postgresql-15-plpgsql-check libpq5 libssl3 libsodium23 libxxhash0 libfmt9 libspdlog1.10 \
        libodbc2 odbcinst tdsodbc weasyprint \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/ /
VOLUME /var/lib/lakemover
# Root on purpose: embedded staging drops to the user postgres, and the audit directory belongs to the caller.
ENTRYPOINT ["lakemover"]
