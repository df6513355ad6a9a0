#!/usr/bin/env bash
# A PostgreSQL server of one's own, in a folder: never the system's, reached through a socket in that folder only, so that it
# needs no port. What stories keep there is made up and may be lost: nothing is flushed, which makes them quick. The bench
# starts it `durable`: as it comes, with every setting at its default.

usage() {
  echo "usage: ${0##*/} find | start FOLDER [durable] | address FOLDER | halt FOLDER | resume FOLDER | stop FOLDER" >&2
  exit 2
}

set -euo pipefail
case "$#:${1:-}:${3:-durable}" in
  1:find:durable | 2:*:durable | 3:start:durable) ;;
  *) usage ;;
esac
folder=${2:-} keeps=${3:-}

# The folder of the newest server's programs; Debian keeps them off the PATH.
binaries() {
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -1)
  [[ -x $found ]] || found=$(command -v postgres) || return 1
  dirname "$found"
}

# PostgreSQL refuses to run as root; Debian's package brings an account for it.
as_owner() {
  if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
}

start() {
  local bin
  bin=$(binaries) || { echo "there is no PostgreSQL server on this machine" >&2; exit 1; }
  if [[ $(id -u) == 0 ]]; then chown postgres "$folder"; fi
  chmod 711 "$folder"
  cd "$folder"
  as_owner "$bin/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 --locale C --no-sync >/dev/null
  cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
unix_socket_permissions = 0777
CONF
  [[ $keeps == durable ]] || cat >>"$folder/data/postgresql.conf" <<CONF
max_connections = 400
fsync = off
full_page_writes = off
CONF
  resume
}

resume() {
  cd "$folder"
  as_owner "$(binaries)/pg_ctl" --pgdata "$folder/data" --log "$folder/log" --wait start >/dev/null || { cat "$folder/log" >&2; exit 1; }
}

address() { printf 'postgres://postgres@%s/postgres\n' "${folder//\//%2F}"; }

# At once, as when a machine loses power.
halt() {
  if [[ -f $folder/data/postmaster.pid ]]; then
    cd "$folder"
    as_owner "$(binaries)/pg_ctl" --pgdata "$folder/data" --mode immediate --wait stop >/dev/null || true
  fi
}

stop() {
  halt
  rm -rf "$folder"
}

case $1 in
  find) binaries ;;
  start | address | halt | resume | stop) "$1" ;;
  *) usage ;;
esac
