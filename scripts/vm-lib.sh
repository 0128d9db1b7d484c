# What the scripts of the test machines share; sourced, not run.

vm_cache=${SLEIGH_VM_CACHE:-$repository/.sleigh/vm}

need_root() { [ "$(id -u)" = 0 ] || die "a machine's image is made by mmdebstrap as root: run this with sudo"; }

check_machine() {
    case $1 in
        debian12 | debian13) ;;
        *) die "there is no machine '$1'; there are debian12 and debian13" ;;
    esac
}

# sources SUITE: lines of a sources.list for a Debian release, on the mirrors that this host's own apt uses for its release.
sources() {
    local suite=$1 targets debian security
    targets=$(apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages')
    debian=${SLEIGH_VM_MIRROR:-$(awk '$1 == "Debian" && $2 == "main" { print $3; exit }' <<< "$targets")}
    security=$(awk '$1 == "Debian-Security" && $2 == "main" { print $3; exit }' <<< "$targets")
    [ -n "$debian" ] || die "this host's apt knows no mirror of Debian (run apt-get update first); set SLEIGH_VM_MIRROR to the URI of one"
    printf 'deb %s %s main\n' "$debian" "$suite" "$debian" "$suite-updates"
    [ -z "$security" ] || printf 'deb %s %s main\n' "$security" "$suite-security"
}

# how_to_merge_usr SUITE: sets merge_usr, options of mmdebstrap, and usr_merged, a package. Debian 12 else moves /bin to /usr/bin by a
# package of its own, which brings perl.
how_to_merge_usr() {
    merge_usr=() usr_merged=""
    if [ "$1" = bookworm ]; then merge_usr=(--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr) usr_merged=usr-is-merged; fi
}

# What of this host's apt must hold while packages are fetched for another root: proxies, certificates, what is said of times.
host_apt_options() { apt-config dump | grep -E '^Acquire::(http|https)::|^Acquire::(Check|Max|Min|Retries|Force)' || true; }

vm_runs=${SLEIGH_VM_RUN:-/tmp/sleigh-vm-$(id -u)}

# prepare_qemu MACHINE: sets qemu, the command that starts a QEMU which can run this machine, and qemu_img.
prepare_qemu() {
    [ "$(uname -m)" = x86_64 ] || die "the test machines are for hosts of type x86_64; this one is $(uname -m)"
    qemu=(qemu-system-x86_64)
    command -v "${qemu[0]}" > /dev/null || die "there is no ${qemu[0]}; run scripts/install-dependencies.sh --machines"
    local major
    major=$("${qemu[0]}" --version | sed -n 's/^QEMU emulator version \([0-9]*\)\..*/\1/p')
    # Emulated by an older one, the kernel of Debian 13 crashes.
    if [ "$1" = debian13 ] && [ "$major" -lt 10 ]; then
        local tools
        tools=$("$repository/scripts/vm-qemu.sh")
        qemu=("$tools/run" qemu-system-x86_64)
    fi
}

# accelerator IMAGE: "kvm" when a kernel really boots with it, else "tcg". A /dev/kvm alone says little: the trial is made once per boot
# of this host.
accelerator() {
    local boot answer
    boot=$vm_cache/accelerator-$(cat /proc/sys/kernel/random/boot_id)
    if [ ! -s "$boot" ]; then
        answer=tcg
        if [ -w /dev/kvm ] && kvm_boots "$1"; then answer=kvm; fi
        rm -f "$vm_cache"/accelerator-*
        printf '%s\n' "$answer" > "$boot.new.$$"
        mv "$boot.new.$$" "$boot"
    fi
    cat "$boot"
}

# Without a disk the initial ram disk waits for one: what matters is that its program runs.
kvm_boots() {
    local said
    said=$(timeout -k 1 15 "${qemu[@]}" -nodefaults -no-user-config -display none -machine q35 -accel kvm -cpu host -m 512 -no-reboot \
        -kernel "$1/vmlinuz" -initrd "$1/initrd" -append "console=ttyS0 panic=-1 sleigh.trial" -serial stdio < /dev/null 2>&1) || true
    [[ $said == *"the ram disk runs"* ]]
}
