# PostgreSQL with PostGIS from Debian, for docker/compose.yaml; any PostGIS 3.3 to 3.5 on PostgreSQL 15 to 17 does as well.
#   docker build -f docker/postgis.Dockerfile -t wangge-postgis .

FROM debian:trixie-slim
COPY docker/packages.txt /tmp/
RUN mkdir -p /etc/postgresql-common/createcluster.d \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/wangge.conf \
 && apt-get update -qq \
 && awk '$1 ~ /(^|,)database(,|$)/ { print $2 }' /tmp/packages.txt | DEBIAN_FRONTEND=noninteractive xargs apt-get install -qq --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /tmp/packages.txt \
 && ln -s /usr/lib/postgresql/*/bin /usr/local/pgsql \
 && install -d -m 0700 -o postgres -g postgres /var/lib/postgresql/data
COPY --chmod=0755 docker/postgis-start /usr/local/bin/postgis-start
ENV PATH=/usr/local/pgsql:$PATH PGDATA=/var/lib/postgresql/data/cluster
VOLUME /var/lib/postgresql/data
EXPOSE 5432
USER postgres
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=12 CMD ["pg_isready", "-q", "-h", "127.0.0.1", "-d", "wangge"]
ENTRYPOINT ["postgis-start"]
