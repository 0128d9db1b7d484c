#!/usr/bin/env bash
# A machine to try Sleigh on: a Debian that boots, with systemd and cgroup v2, in QEMU. Nothing is left behind when `run` ends.
#   vm.sh build [MACHINE]                      makes its image and prints the folder; MACHINE is debian12 (the default) or debian13
#   vm.sh run [MACHINE] [OPTION...]            boots it and keeps it until Ctrl-C
#       --name NAME          how the other commands call it; the machine's word when not given
#       --forward PORT       a port of the machine to reach from here; may be given several times (10122 when none is)
#       --memory MIB         2560 when not given
#       --until-eof          prints its folder, and ends it when standard input ends, as it does when the caller dies
#   vm.sh exec NAME -- COMMAND...              runs a command in it, as root; ends with the command's exit code
#   vm.sh copy FILE NAME:PATH                  copies a file in, or (NAME:PATH FILE) out
#   vm.sh ports NAME                           lines of: port in the machine, port here on 127.0.0.1
#   vm.sh stop NAME                            ends it, as Ctrl-C does
#   vm.sh sweep                                removes what machines that were killed have left; `run` does it too
#   vm.sh ls                                   names of the machines that run
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/vm-lib.sh
. "$repository/scripts/vm-lib.sh"

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }

agent() {
    local name=$1
    shift
    [ -S "$vm_runs/$name/agent.sock" ] || die "there is no machine '$name' running; these are: $(running | tr '\n' ' ')"
    python3 "$repository/scripts/vm-agent.py" "$vm_runs/$name" "$@"
}

is_held() { ! flock -n "$1/lock" true; }

running() {
    local folder
    for folder in "$vm_runs"/*/; do
        [ ! -e "$folder/lock" ] || ! is_held "$folder" || basename "$folder"
    done
}

# What runs that were killed have left. Called with the lock on all runs.
sweep() {
    local folder
    for folder in "$vm_runs"/*/; do
        [ ! -d "$folder" ] || is_held "$folder" || rm -rf "$folder"
    done
}

run() {
    local machine=debian12 name="" memory=2560 until_eof=0 forwards=() forward network accel image
    # Not local: the trap at the end reads them.
    folder="" pid=""
    while [ $# -gt 0 ]; do
        case $1 in
            --name) name=$2 && shift ;;
            --forward) forwards+=("$2") && shift ;;
            --memory) memory=$2 && shift ;;
            --until-eof) until_eof=1 ;;
            -*) die "there is no option $1; see: $0 help" ;;
            *) machine=$1 ;;
        esac
        shift
    done
    check_machine "$machine"
    name=${name:-$machine}
    [[ $name =~ ^[a-z0-9][a-z0-9-]{0,31}$ ]] || die "'$name' cannot be a machine's name: up to 32 of a-z, 0-9 and -"
    [ ${#forwards[@]} -gt 0 ] || forwards=(10122)
    prepare_qemu "$machine"
    image=$("$0" build "$machine")
    accel=$(accelerator "$image")

    mkdir -p "$vm_runs"
    folder=$vm_runs/$name
    exec 8> "$vm_runs/.lock"
    flock 8
    sweep
    mkdir "$folder" 2> /dev/null || die "a machine '$name' runs already; give this one another --name"
    exec 9> "$folder/lock"
    flock -n 9
    exec 8>&-
    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP

    network=user,id=net,restrict=on
    for forward in "${forwards[@]}"; do network+=,hostfwd=tcp:127.0.0.1:0-:$forward; done
    qemu-img create -q -f qcow2 -b "$image/root.ext4" -F raw "$folder/disk.qcow2"
    # Emulated, wide vector instructions cost more than they save: with the oldest processor that .NET runs on, SHA-256 is three times as fast.
    # This shell may be killed, and then nobody could end QEMU: it asks the kernel to be ended with it.
    setpriv --pdeathsig KILL -- "${qemu[@]}" -nodefaults -no-user-config -display none -machine q35 -smp 2 -m "$memory" \
        $(case $accel in kvm) echo "-accel kvm -cpu host" ;; tcg) echo "-accel tcg,thread=multi,tb-size=512 -cpu Nehalem" ;; esac) \
        -kernel "$image/vmlinuz" -initrd "$image/initrd" \
        -append "root=/dev/vda rw console=ttyS0 quiet loglevel=4 psi=1 mitigations=off net.ifnames=0 systemd.show_status=no" \
        -drive "file=$folder/disk.qcow2,if=virtio,format=qcow2,cache=unsafe" \
        -netdev "$network" -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci -device virtio-serial-pci \
        -chardev "socket,id=agent,path=$folder/agent.sock,server=on,wait=off" -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0 \
        -chardev "socket,id=data,path=$folder/data.sock,server=on,wait=off" -device virtserialport,chardev=data,name=sleigh.data \
        -qmp "unix:$folder/qmp.sock,server=on,wait=off" -serial "file:$folder/serial.log" \
        > "$folder/qemu.log" 2>&1 < /dev/null 9>&- &
    pid=$!
    printf '%s\n' $$ > "$folder/pid"
    printf '%s\n' "$pid" > "$folder/qemu.pid"
    until [ -S "$folder/qmp.sock" ] || ! kill -0 "$pid" 2> /dev/null; do sleep 0.05; done
    kill -0 "$pid" 2> /dev/null || die "QEMU did not start: $(cat "$folder/qemu.log")"

    if [ "$until_eof" = 1 ]; then
        local line status
        say "$folder"
        while kill -0 "$pid" 2> /dev/null; do
            status=0
            read -r -t 1 line || status=$?
            # Above 128 the time was up; 1 is the end of the input.
            [ "$status" != 1 ] || exit 0
        done
    else
        say "booting $machine with $accel; its console: $folder/serial.log"
        python3 "$repository/scripts/vm-agent.py" "$folder" wait 240 9>&-
        cat <<END

It is up. In another terminal:
  $0 exec $name -- systemctl status
  $0 copy FILE $name:/root/FILE
$(python3 "$repository/scripts/vm-agent.py" "$folder" ports 9>&- | sed 's|^\([0-9]*\) \([0-9]*\)|  its port \1 is 127.0.0.1:\2 here|')
Ctrl-C ends it and takes its disk away.
END
        wait "$pid" || true
    fi
    tail -n 5 "$folder/qemu.log" "$folder/serial.log" >&2
    die "the machine has ended by itself"
}

finish() {
    local status=$?
    trap '' INT TERM HUP
    trap - EXIT
    if [ -n "$pid" ]; then
        kill -TERM "$pid" 2> /dev/null || true
        timeout 5 tail -f --pid="$pid" /dev/null 2> /dev/null || kill -KILL "$pid" 2> /dev/null || true
    fi
    rm -rf "$folder"
    exit "$status"
}

verb=${1:-help}
[ $# = 0 ] || shift
case $verb in
    build) exec "$repository/scripts/vm-image.sh" "${1:-debian12}" ;;
    run) run "$@" ;;
    exec)
        name=${1:?the name of a machine}
        shift
        [ "${1:-}" != -- ] || shift
        agent "$name" exec "$@"
        ;;
    copy)
        [ $# = 2 ] || die "copy takes a file and NAME:PATH, or NAME:PATH and a file"
        case $1/$2 in
            *:*/*:*) die "one of the two must be a file here" ;;
        esac
        if [[ $1 == *:* ]]; then agent "${1%%:*}" pull "${1#*:}" "$2"; else agent "${2%%:*}" push "$1" "${2#*:}"; fi
        ;;
    ports) agent "${1:?the name of a machine}" ports ;;
    stop)
        name=${1:?the name of a machine}
        # Not -q: it would end at the first match, and what still writes to it would fail the pipe.
        running | grep -xF "$name" > /dev/null || die "there is no machine '$name' running"
        keeper=$(cat "$vm_runs/$name/pid")
        kill -TERM "$keeper"
        timeout 15 tail -f --pid="$keeper" /dev/null
        ;;
    sweep)
        mkdir -p "$vm_runs"
        exec 8> "$vm_runs/.lock"
        flock 8
        sweep
        ;;
    ls) running ;;
    help | --help | -h) usage ;;
    *) die "there is no command '$verb'; see: $0 help" ;;
esac
