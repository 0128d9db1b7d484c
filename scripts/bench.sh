#!/usr/bin/env bash
# Builds, makes a private daemon and its image, and times what an agent does with it; beside it, in the same run, Docker Engine, with a
# dockerd and a containerd of its own. Arguments go to benchmarks/Host: --help lists them. Nothing is left but .sleigh/bench and artifacts/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# Not the instance of `make run`: both may be there at once.
instance=sleigh-bench
sleigh_home=$repository/.sleigh/bench
listen=127.0.0.1:0
# shellcheck source=scripts/daemon.sh
. "$repository/scripts/daemon.sh"
cd "$repository"

docker_home=$sleigh_home/docker
docker_run=/run/$instance-docker
docker_cgroup=$instance-docker
archive=$sleigh_home/image.tar
host=$repository/benchmarks/Host/bin/Release/net10.0/Sleigh.Benchmarks.Host.dll

docker_pids() {
    local process line
    for process in /proc/[0-9]*; do
        line=$(tr '\0' ' ' 2> /dev/null < "$process/cmdline") || continue
        case $line in
            *"bash "* | *Sleigh.Benchmarks.Host*) ;;
            *"$docker_home/"* | *"$docker_run/"*) printf '%s ' "${process#/proc/}" ;;
        esac
    done
    return 0
}

# What benchmarks/Host has ended in order is gone already; this is for what a crash or a Ctrl-C leaves.
end_docker() {
    local pids group
    pids=$(docker_pids)
    if [ -n "$pids" ]; then
        # shellcheck disable=SC2086
        kill -TERM $pids 2> /dev/null || true
        # shellcheck disable=SC2086
        wait_gone 100 $pids || kill -KILL $pids 2> /dev/null || true
    fi
    awk -v a="$docker_home/" -v b="$docker_run/" 'index($5, a) == 1 || index($5, b) == 1 { print $5 }' /proc/self/mountinfo |
        tac | while read -r mount; do umount -l "$mount" 2> /dev/null || true; done
    for group in /sys/fs/cgroup/"$docker_cgroup" /sys/fs/cgroup/*/"$docker_cgroup"; do
        [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
    done
    rm -rf "$docker_home" "$docker_run"
    # Two things that dockerd 20.10 makes wherever its data is.
    [ "$had_key" = 1 ] || rm -f /etc/docker/key.json
    [ "$had_run" = 1 ] || rmdir /run/docker/plugins /run/docker 2> /dev/null || true
}

# Why there can be no Docker; nothing when there can.
why_no_docker() {
    [ -z "${SLEIGH_BENCH_WITHOUT_DOCKER:-}" ] || { echo "SLEIGH_BENCH_WITHOUT_DOCKER is set" && return; }
    command -v dockerd > /dev/null ||
        echo "not installed: there is no dockerd, and the package docker.io could not be installed (no apt-get, or it failed; see above)"
}

if [ "${1:-}" = --help ]; then
    dotnet build benchmarks/Host -c Release -v q -nologo > /dev/null
    exec dotnet "$host" --help
fi

need_root
if [ "${1:-}" = --signals ]; then
    quietly "$artifacts/log/bench.log" "build benchmarks/Host" dotnet build benchmarks/Host -c Release -v q -nologo >&2
    exec dotnet "$host" --data-dir "$repository" --commit "$(git -c safe.directory='*' rev-parse --short HEAD 2> /dev/null || echo "?")" "$@"
fi
# Bounds of our own: there is nothing to put beside them.
case ${1:-} in --http | --network) SLEIGH_BENCH_WITHOUT_DOCKER=1 ;; esac
if pid=$(daemon_pid); then die "a daemon of an earlier run is alive (pid $pid); end that run first"; fi
had_key=0
had_run=0
[ ! -e /etc/docker/key.json ] || had_key=1
[ ! -e /run/docker ] || had_run=1
docker_package=(dockerd=docker.io)
[ -z "${SLEIGH_BENCH_WITHOUT_DOCKER:-}" ] || docker_package=()
scripts/install-dependencies.sh "${docker_package[@]}" >&2
scripts/build.sh >&2
quietly "$artifacts/log/bench.log" "build benchmarks/Host" dotnet build benchmarks/Host -c Release -v q -nologo >&2

child=
finish() {
    local status=$?
    trap '' INT TERM
    if [ -n "$child" ] && kill -0 "$child" 2> /dev/null; then
        kill -TERM "$child"
        wait "$child" || true
    fi
    if stop_daemon >&2; then rm -rf "$state_dir"; else status=1; fi
    end_docker
    rm -f "$archive"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "$(leftovers)" ]; then stop_daemon >&2 || true; fi
end_docker
start_daemon
ensure_image >&2
without_docker=$(why_no_docker)
if [ -z "$without_docker" ]; then
    image_name=$(ctr --address "$state_dir/containerd/containerd.sock" --namespace sleigh images ls -q | grep -E '(^|/)quickstart:latest$' | head -n 1) ||
        die "containerd has no image quickstart"
    quietly "$artifacts/log/bench-image.log" "bring the image to Docker" \
        ctr --address "$state_dir/containerd/containerd.sock" --namespace sleigh images export "$archive" "$image_name" >&2
fi
# benchmarks/Host starts and ends the daemon itself; containerd goes on.
kill -TERM "$(daemon_pid)"
wait_gone 300 "$(cat "$pid_file")" || die "the daemon did not end within 30 s; its log: $daemon_log"

commit=$(git -c safe.directory='*' rev-parse --short HEAD 2> /dev/null || echo "?")
[ -z "$(git -c safe.directory='*' status --porcelain 2> /dev/null)" ] || commit="$commit and changes that are not committed"
# In the background, so that a Ctrl-C ends it in order by way of this script.
dotnet "$host" --sleighd "$sleighd" --config "$config" --data-dir "$data_dir" --state-dir "$state_dir" --subtree "$subtree" \
    --daemon-log "$daemon_log" --image "${image_name:-quickstart}" --commit "$commit" \
    --dockerd "$(command -v dockerd || true)" --without-docker "$without_docker" --docker-containerd "$(command -v containerd)" \
    --docker-home "$docker_home" --docker-run "$docker_run" --docker-cgroup "$docker_cgroup" --image-archive "$archive" "$@" &
child=$!
wait "$child"
