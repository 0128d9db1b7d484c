# A private daemon for trying and measuring; sourced, not run. Everything of it lies in .sleigh/ and /run/sleigh-dev, and in cgroups
# named sleigh-dev, so a Sleigh that is installed on this host is not touched. Who sources it may set these three before.

instance=${instance:-sleigh-dev}
sleigh_home=${sleigh_home:-$repository/.sleigh}
listen=${listen:-127.0.0.1:10122}
data_dir=$sleigh_home/data
state_dir=/run/$instance
subtree=$instance
config=$sleigh_home/sleigh.yaml
pid_file=$sleigh_home/sleighd.pid
daemon_log=$sleigh_home/sleighd.log
export SLEIGH_SOCKET=$state_dir/sleigh.sock
sleighd=$artifacts/sleighd/sleighd
sleighctl=$artifacts/sleighctl/sleighctl

need_root() { [ "$(id -u)" = 0 ] || die "containers, mounts and cgroups need root: run this with sudo"; }

write_config() {
    mkdir -p "$sleigh_home"
    cat > "$config" <<END
# Written by scripts/daemon.sh for a private daemon.
data_dir: $data_dir
state_dir: $state_dir
http:
  listen: $listen
containerd:
  mode: embedded
cgroup:
  subtree: $subtree
init:
  path: $artifacts/sleigh-init
pool:
  image: quickstart
  size: 4
END
}

is_our_daemon() {
    local line
    line=$(tr '\0' ' ' 2> /dev/null < "/proc/$1/cmdline") || return 1
    case $line in *" stop-all "*) return 1 ;; *" --config $config "*) ;; *) return 1 ;; esac
}

# The pid of a daemon of ours that is alive, whoever started it. A pid file may be older than the machine's last start, so the command
# line decides.
daemon_pid() {
    local pid
    for pid in $(cat "$pid_file" 2> /dev/null) $(pgrep -f -- "--config $config" || true); do
        if is_our_daemon "$pid"; then
            printf '%s' "$pid"
            return 0
        fi
    done
    return 1
}

# Processes that hold something of this instance: its containerd and shims by their arguments, sandboxes by their cgroup.
instance_pids() {
    local process pid line
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        [ "$pid" != $$ ] || continue
        line=$(tr '\0' ' ' 2> /dev/null < "$process/cmdline") || continue
        case $line in
            *"$state_dir/"* | *"$data_dir/"* | *"--config $config"*) printf '%s\n' "$pid" ;;
            *) grep -qE ":/$subtree(/|\$)" "$process/cgroup" 2> /dev/null && printf '%s\n' "$pid" ;;
        esac
    done
    return 0
}

instance_mounts() { awk -v a="$data_dir" -v b="$state_dir" 'index($5, a) == 1 || index($5, b) == 1 { print $5 }' /proc/self/mountinfo; }

instance_loops() { losetup --noheadings --raw --output NAME,BACK-FILE 2> /dev/null | awk -v a="$data_dir/" 'index($2, a) == 1 { print $1 }'; }

instance_cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name "$subtree" 2> /dev/null || true; }

leftovers() {
    local kind found
    for kind in pids mounts loops cgroups; do
        found=$(instance_$kind | tr '\n' ' ')
        if [ -n "$found" ]; then say "  $kind: $found"; fi
    done
}

start_daemon() {
    write_config
    "$sleighd" --check-config --config "$config" > "$daemon_log" 2>&1 || die "the configuration is refused: $(tail -n 5 "$daemon_log")"
    # A session of its own, so that a Ctrl-C in this terminal reaches this script alone, which then ends all in order.
    setsid "$sleighd" --config "$config" >> "$daemon_log" 2>&1 < /dev/null &
    local pid=$!
    printf '%s\n' "$pid" > "$pid_file"
    local start
    start=$(clock)
    until "$sleighctl" status > /dev/null 2>&1; do
        kill -0 "$pid" 2> /dev/null || die "the daemon ended before it was ready; its last words: $(tail -n 5 "$daemon_log")"
        [ $(($(clock) - start)) -lt 60000 ] || die "the daemon is not ready after 60 s: $("$sleighctl" status 2>&1 | tail -n 5)
its log: $daemon_log"
        sleep 0.05
    done
}

# The image of the quickstart, made from Debian packages when it is not there yet.
ensure_image() {
    if "$sleighctl" image ls | awk 'NR > 1 { print $1 }' | grep -E '^(docker\.io/library/)?quickstart(:latest)?$' > /dev/null; then return; fi
    local suite=bookworm
    # shellcheck disable=SC1091
    if [ "$(. /etc/os-release && printf '%s' "${ID:-}")" = debian ]; then suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-bookworm}"); fi
    quietly "$artifacts/log/image.log" "make the image 'quickstart' from Debian packages" \
        "$sleighctl" image bootstrap quickstart --suite "$suite" --include python3
}

wait_gone() {
    local tenths=$1
    shift
    while kill -0 "$@" 2> /dev/null && [ "$tenths" -gt 0 ]; do
        sleep 0.1
        tenths=$((tenths - 1))
    done
    ! kill -0 "$@" 2> /dev/null
}

# Ends the daemon, its sandboxes and its containerd. What is then still there is taken away by hand, and named: it should not be there.
stop_daemon() {
    local pid left
    if pid=$(daemon_pid); then
        kill -TERM "$pid" 2> /dev/null || true
        wait_gone 300 "$pid" || { say "the daemon did not end within 30 s after SIGTERM; killing it" && kill -KILL "$pid" 2> /dev/null; } || true
    fi
    if [ -e "$config" ] && [ -x "$sleighd" ] && [ -n "$(leftovers)" ]; then
        timeout -k 5 90 "$sleighd" stop-all --config "$config" >> "$daemon_log" 2>&1 ||
            say "sleighd stop-all failed: $(tail -n 3 "$daemon_log")"
    fi
    # A cgroup cannot be removed in the moment its last process ends.
    local tries=20
    while left=$(leftovers) && [ -n "$left" ] && [ "$tries" -gt 0 ]; do
        instance_cgroups | while read -r group; do find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true; done
        tries=$((tries - 1))
        [ -n "$(leftovers)" ] && sleep 0.1
    done
    rm -f "$pid_file"
    [ -n "$left" ] || return 0
    say "left behind, removed now:"
    say "$left"
    remove_leftovers
    left=$(leftovers)
    [ -z "$left" ] || say "still there: $left"
    return 1
}

remove_leftovers() {
    local pids
    pids=$(instance_pids)
    if [ -n "$pids" ]; then
        # shellcheck disable=SC2086
        kill -TERM $pids 2> /dev/null || true
        sleep 1
        pids=$(instance_pids)
        # shellcheck disable=SC2086
        [ -z "$pids" ] || kill -KILL $pids 2> /dev/null || true
        sleep 0.2
    fi
    instance_mounts | tac | while read -r mount; do umount -l "$mount" 2> /dev/null || true; done
    instance_loops | while read -r device; do losetup -d "$device" 2> /dev/null || true; done
    instance_cgroups | while read -r group; do find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true; done
    sleep 0.2
}
