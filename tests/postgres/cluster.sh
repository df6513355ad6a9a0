#!/usr/bin/env bash
# Two PostgreSQL servers under Patroni, one of them the primary and the other its synchronous standby, in a folder of one's
# own and on ports of this machine only. For finding out what a shop does when its primary dies; docs/scaling.md says more.

usage() {
  cat >&2 <<'TEXT'
usage: cluster.sh start FOLDER     start etcd and both servers, and wait until one follows the other
       cluster.sh address FOLDER   what ARDOISE_STORE should be
       cluster.sh strike FOLDER    kill the primary with SIGKILL, Patroni and all; it is started again a while later
       cluster.sh status FOLDER    what Patroni thinks
       cluster.sh stop FOLDER      end everything and remove the folder
TEXT
  exit 2
}

set -euo pipefail
[[ $# == 2 ]] || usage
folder=$(realpath -m "$2")
# Below the range from which systems take the ports of outgoing connections.
ETCD=23790 ETCD_PEER=23800 DATABASES=25430 APIS=28000
# How long a struck primary stays dead, in seconds: longer than the other one needs to take over.
DEAD=45

# detached LOG COMMAND…: as the owner, in a session of its own, so that one signal ends all of it.
detached() {
  local log=$1
  shift
  if [[ $(id -u) == 0 ]]; then set -- runuser -u postgres -- "$@"; fi
  # All of it, no shell around it, is without the caller's pipe: whoever reads that to its end would wait for as long as this runs.
  (cd "$folder" && exec setsid "$@") >>"$log" 2>&1 </dev/null &
}

configuration() {
  local number=$1 bin
  bin=$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -1)")
  cat <<CONF
scope: ardoise
name: node$number
restapi: { listen: 127.0.0.1:$((APIS + number)), connect_address: 127.0.0.1:$((APIS + number)) }
etcd3: { host: 127.0.0.1:$ETCD }
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 3
    primary_start_timeout: 0
    maximum_lag_on_failover: 0
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: { max_connections: 100, wal_keep_size: 512MB, wal_log_hints: "on" }
  initdb: [encoding: UTF8, locale: C, data-checksums]
postgresql:
  listen: 127.0.0.1:$((DATABASES + number))
  connect_address: 127.0.0.1:$((DATABASES + number))
  data_dir: $folder/node$number
  bin_dir: $bin
  pgpass: $folder/pgpass$number
  authentication:
    superuser: { username: postgres, password: postgres }
    replication: { username: replicator, password: replicator }
    rewind: { username: rewinder, password: rewinder }
  parameters: { unix_socket_directories: $folder }
  pg_hba: [host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust, local all all trust]
CONF
}

run_node() { detached "$folder/node$1.log" patroni "$folder/node$1.yml"; }

# says NUMBER PATH: whether the Patroni of a server answers 200 there.
says() { curl --silent --output /dev/null --fail --max-time 2 "http://127.0.0.1:$((APIS + $1))/$2"; }

# The number of the primary whose standby has everything, once there are both.
both() {
  local deadline=$((SECONDS + 120))
  while ((SECONDS < deadline)); do
    if says 1 primary && says 2 synchronous; then echo 1; return; fi
    if says 2 primary && says 1 synchronous; then echo 2; return; fi
    sleep 0.5
  done
  echo "the cluster is not whole after two minutes; see $folder/node*.log" >&2
  return 1
}

# Every process of a session that was started with a word in its command.
sessions() { pgrep --full -- "$1" | xargs --no-run-if-empty ps -o sid= -p | sort -u; }

kill_node() {
  local session
  for session in $(sessions "patroni $folder/node$1.yml"); do pkill --signal KILL --session "$session" || true; done
  # The server has a session of its own.
  if [[ -f $folder/node$1/postmaster.pid ]]; then
    session=$(head -1 "$folder/node$1/postmaster.pid")
    pkill --signal KILL --parent "$session" || true
    kill -KILL "$session" 2>/dev/null || true
  fi
}

start() {
  local missing=()
  for program in etcd patroni curl; do command -v "$program" >/dev/null || missing+=("$program"); done
  [[ ${#missing[@]} == 0 ]] || { echo "missing: ${missing[*]}; apt install etcd-server patroni postgresql curl" >&2; exit 1; }
  mkdir -p "$folder"
  chmod 711 "$folder"
  for number in 1 2; do configuration "$number" >"$folder/node$number.yml"; done
  if [[ $(id -u) == 0 ]]; then chown -R postgres "$folder"; fi
  detached "$folder/etcd.log" etcd --data-dir "$folder/etcd" --listen-client-urls "http://127.0.0.1:$ETCD" \
    --advertise-client-urls "http://127.0.0.1:$ETCD" --listen-peer-urls "http://127.0.0.1:$ETCD_PEER"
  run_node 1
  run_node 2
  both >/dev/null
}

address() {
  printf 'postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?target_session_attrs=read-write\n' \
    $((DATABASES + 1)) $((DATABASES + 2))
}

strike() {
  local primary
  primary=$(both)
  kill_node "$primary"
  (sleep "$DEAD" && run_node "$primary") >/dev/null 2>&1 &
}

stop() {
  kill_node 1
  kill_node 2
  local session
  for session in $(sessions "etcd --data-dir $folder/etcd"); do pkill --signal KILL --session "$session" || true; done
  rm -rf "$folder"
}

case $1 in
  start | address | strike | stop) "$1" ;;
  status) patronictl --config-file "$folder/node1.yml" list ;;
  *) usage ;;
esac
