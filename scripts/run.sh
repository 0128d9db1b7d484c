#!/usr/bin/env bash
# run.sh: sets everything up, starts a private daemon, carries a real task through it, and keeps serving until Ctrl-C.
#   Without a terminal, or with CI=true, it ends after the task. Either way nothing is left behind but .sleigh/ and artifacts/.
# run.sh stop: ends a daemon that an earlier run left behind, with its sandboxes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/daemon.sh
. "$repository/scripts/daemon.sh"
cd "$repository"

if [ "${1:-}" = stop ]; then
    if [ -z "$(leftovers)" ]; then
        rm -f "$pid_file"
        exit 0
    fi
    need_root
    stop_daemon || true
    [ -z "$(leftovers)" ] || exit 1
    say "ended"
    exit 0
fi

need_root
if pid=$(daemon_pid); then
    die "a daemon of an earlier run is alive (pid $pid) and serves on $SLEIGH_SOCKET. To use it: SLEIGH_SOCKET=$SLEIGH_SOCKET $sleighctl ls
To end it, with its sandboxes: make stop"
fi

start=$(clock)
scripts/install-dependencies.sh
scripts/build.sh

ending=0
finish() {
    local status=$?
    [ "$ending" = 0 ] || return
    ending=1
    trap '' INT TERM
    stop_daemon || status=1
    [ "$status" = 0 ] || say "failed (status $status); the daemon's log: $daemon_log"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "$(leftovers)" ]; then
    say "an earlier run ended without cleaning up; doing it now"
    stop_daemon || true
fi

step=$(clock)
start_daemon
say "ok    $(printf '%5s' "$(seconds_since "$step")") s  the daemon is ready (pid $(cat "$pid_file"), log $daemon_log)"

ensure_image

say ""
say "sleighctl quickstart"
"$sleighctl" quickstart --image quickstart
say ""
say "all of it: $(seconds_since "$start") s"

if [ "${CI:-}" = true ] || [ ! -t 0 ]; then
    exit 0
fi

cat <<END

Sleigh serves on http://127.0.0.1:10122 and on $SLEIGH_SOCKET until you press Ctrl-C. In another terminal, try:

  export SLEIGH_SOCKET=$SLEIGH_SOCKET PATH=\$PATH:$artifacts/bin
  sleighctl create --image quickstart --name web
  sleighctl exec web -- python3 -c 'print(6*7)'
  sleighctl snapshot web --name before
  sleighctl exec web -c 'rm -rf /usr/lib/python3*'
  sleighctl rollback web before
  sleighctl fork web --count 3
  sleighctl ls
END
trap 'say ""; say "ending the daemon and its sandboxes"; exit 0' INT
while daemon_pid > /dev/null; do
    sleep 1 &
    wait $! || true
done
die "the daemon has ended by itself; its last words: $(tail -n 5 "$daemon_log")"
