#!/usr/bin/env bash
# A PostgreSQL server of one's own, in a folder: never the system's, reached through a socket in that folder only, so that it
# needs no port. What stories keep there is made up and may be lost: nothing is flushed, which makes them quick. The bench
# starts it `durable`: as it comes, with every setting at its default.

usage() {
  cat >&2 <<TEXT
usage: ${0##*/} find
       ${0##*/} start FOLDER [durable]
       ${0##*/} address | halt | resume | stop FOLDER
       ${0##*/} secure FOLDER PORT
TEXT
  exit 2
}

set -euo pipefail
case "$#:${1:-}:${3:-durable}" in
  1:find:durable | 2:*:durable | 3:start:durable) ;;
  3:secure:*) port=$3 ;;
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

# Listens on a port of this machine, too, and speaks only TLS there, with a certificate for localhost that it signs itself.
secure() {
  halt
  cd "$folder"
  as_owner openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -addext basicConstraints=critical,CA:FALSE -keyout "$folder/data/server.key" -out "$folder/data/server.crt" 2>/dev/null
  cp "$folder/data/server.crt" "$folder/server.crt"
  chmod 644 "$folder/server.crt"
  cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
ssl = on
CONF
  sed -i 's/^host /hostssl /' "$folder/data/pg_hba.conf"
  resume
}

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
  start | address | halt | resume | secure | stop) "$1" ;;
  *) usage ;;
esac
