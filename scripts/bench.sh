#!/usr/bin/env bash
# Builds, starts a private daemon, and times what an agent does with it. Arguments go to sleighctl bench.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/daemon.sh
. "$repository/scripts/daemon.sh"
cd "$repository"

need_root
if pid=$(daemon_pid); then die "a daemon of an earlier run is alive (pid $pid); end it with: make stop"; fi
scripts/install-dependencies.sh
scripts/build.sh

trap 'stop_daemon || true' EXIT
trap 'exit 130' INT TERM
start_daemon
ensure_image
"$sleighctl" bench "$@"
