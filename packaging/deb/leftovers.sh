# Shared by prerm and postrm, which get a copy each when the package is built. It takes away what `sleighd quiesce` would, for the
# case that it could not or that the program is gone. Everything may be called again, and passes over what is gone already.

# The daemon's private containerd with its shims, and the sandboxes.
end_processes() {
    for group in /sys/fs/cgroup/system.slice/sleigh-sandboxes.service /sys/fs/cgroup/system.slice/sleigh.service; do
        [ -e $group/cgroup.kill ] || continue
        echo 1 > $group/cgroup.kill || true
        tries=100
        while grep -qs '^populated 1' $group/cgroup.events && [ $tries -gt 0 ]; do
            sleep 0.1
            tries=$((tries - 1))
        done
        find $group -depth -type d -exec rmdir {} + 2> /dev/null || true
    done
}

# What runc keeps of a container that nobody told it the end of. It does so for all containerds of the host, so the root's path decides.
forget_containers() {
    for state in /run/containerd/runc/sleigh/*/state.json; do
        ! grep -qs '"/run/sleigh/' "$state" || rm -rf "${state%/*}"
    done
}

# The last mount first. A path in mountinfo has \040 for a blank.
mounts() { awk 'index($5, "/var/lib/sleigh/") == 1 || index($5, "/run/sleigh/") == 1 { print $5 }' /proc/self/mountinfo | tac; }

take_off_mounts() {
    mounts | while read -r path; do
        path=$(printf '%b' "$path")
        umount "$path" 2> /dev/null || umount --lazy "$path" || true
    done
    for device in $(losetup --noheadings --output NAME --associated /var/lib/sleigh/pool.btrfs 2> /dev/null); do
        losetup --detach "$device" || true
    done
}

socket=/run/containerd/containerd.sock

# ours COMMAND...: of what lies in the system's containerd in the namespace sleigh.
ours() { timeout 120 ctr --address $socket --connect-timeout 10s --namespace sleigh "$@"; }

containerd_answers() { [ -S $socket ] && command -v ctr > /dev/null && ours version > /dev/null 2>&1; }

# Tasks have a shim each, which would outlive the sandbox.
end_containers() {
    containerd_answers || return 0
    for id in $(ours tasks ls --quiet); do
        ours tasks rm --force "$id" > /dev/null || true
    done
    for id in $(ours containers ls --quiet); do
        ours containers rm "$id" > /dev/null || true
    done
}
