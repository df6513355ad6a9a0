#!/usr/bin/env bash
# A Citus cluster of one's own: a coordinator and two workers, in a folder and on ports of this machine only. For finding out
# whether a shop sells on books that are spread over machines; docs/scaling.md says more. Debian has no package of Citus: it must
# stand where PostgreSQL looks for extensions.

usage() {
  cat >&2 <<'TEXT'
usage: citus.sh start FOLDER         start three servers and make them one cluster
       citus.sh address FOLDER       where its databases are
       citus.sh spread FOLDER NAME   let the store in database NAME, which is empty, be spread over the cluster
       citus.sh stop FOLDER          end everything and remove the folder
TEXT
  exit 2
}

set -euo pipefail
case "$#:${1:-}" in
  2:start | 2:address | 2:stop | 3:spread) ;;
  *) usage ;;
esac
folder=$(realpath -m "$2") name=${3:-postgres}
here=$(realpath "$(dirname "$0")")
# Below the range from which systems take the ports of outgoing connections.
DATABASES=25440
MACHINES=(0 1 2)

server() { "$here/server.sh" "$1" "$folder/$2"; }

# said MACHINE DATABASE PSQL-ARGUMENTS…
said() {
  local port=$((DATABASES + $1)) database=$2
  shift 2
  PGOPTIONS="-c client_min_messages=warning" psql -qAtX -v ON_ERROR_STOP=1 -h localhost -p "$port" -U postgres -d "$database" "$@"
}

ask() { said "$@" >/dev/null; }

databases() { said "$1" postgres -c "select datname from pg_database where not datistemplate order by datname"; }

# Databases of workers go away after those of the coordinator, which alone is told when one is dropped.
tidy() {
  local machine old
  for machine in "${MACHINES[@]:1}"; do
    while read -r old; do
      # Somebody else may be doing the same.
      ask "$machine" postgres -c "drop database if exists $old with (force)" 2>/dev/null || true
    done < <(LC_ALL=C comm -23 <(databases "$machine") <(databases 0))
  done
}

# Makes the machines one cluster, as far as this database goes.
unite() {
  local machine
  for machine in "${MACHINES[@]}"; do ask "$machine" "$1" -c "create extension if not exists citus"; done
  ask 0 "$1" -c "select citus_set_coordinator_host('localhost', $DATABASES)"
  for machine in "${MACHINES[@]:1}"; do ask 0 "$1" -c "select citus_add_node('localhost', $((DATABASES + machine)))"; done
}

start() {
  local machine
  [[ -f $(pg_config --pkglibdir 2>/dev/null)/citus.so ]] || { echo "there is no Citus for the PostgreSQL of this machine" >&2; exit 1; }
  mkdir -p "$folder"
  for machine in "${MACHINES[@]}"; do
    mkdir "$folder/$machine"
    server start "$machine"
    cat >>"$folder/$machine/data/postgresql.conf" <<CONF
shared_preload_libraries = 'citus'
listen_addresses = 'localhost'
port = $((DATABASES + machine))
max_prepared_transactions = 400
max_worker_processes = 100
citus.shard_count = 8
citus.node_conninfo = 'sslmode=prefer'
CONF
    server halt "$machine"
    server resume "$machine"
  done
  unite postgres
}

address() { printf 'postgres://postgres@%s:%s/postgres\n' "${folder//\//%2F}%2F0" "$DATABASES"; }

spread() {
  local machine
  # Machines that are asked for two clusters at once fail.
  exec 9>"$folder/lock"
  flock 9
  tidy
  for machine in "${MACHINES[@]:1}"; do
    ask "$machine" postgres -c "drop database if exists $name with (force)"
    ask "$machine" postgres -c "create database $name"
  done
  unite "$name"
  ask 0 "$name" -f "$here/../../docs/citus.sql"
}

stop() {
  local machine
  for machine in "${MACHINES[@]}"; do server stop "$machine"; done
  rm -rf "$folder"
}

"$1"
