#!/usr/bin/env bash
# Builds, starts a private daemon and runs every executable file of benchmarks/ against it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/daemon.sh
. "$repository/scripts/daemon.sh"
cd "$repository"

benchmarks=$(find benchmarks -maxdepth 1 -type f -executable 2> /dev/null | sort)
[ -n "$benchmarks" ] || die "there are no benchmarks yet: benchmarks/ has no executable file"
need_root
scripts/install-dependencies.sh
scripts/build.sh
if pid=$(daemon_pid); then die "a daemon of an earlier run is alive (pid $pid); end it with: make stop"; fi

trap 'stop_daemon || true' EXIT
trap 'exit 130' INT TERM
start_daemon
for benchmark in $benchmarks; do "$benchmark"; done
