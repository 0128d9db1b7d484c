#!/usr/bin/env bash
# vm-sandbox-images.sh SUITE FOLDER WORK: makes the images that sandboxes in a test machine stand on, as docker archives without
# compression: quickstart.tar (python3 with its standard library; little else, for all is slow in an emulated machine) and busybox.tar
# (with tests/vm/burst.c beside it, the memory of an agent).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/vm-lib.sh
. "$repository/scripts/vm-lib.sh"
suite=$1 folder=$2 work=$3
how_to_merge_usr "$suite"

# archive NAME LAYER: LAYER is an uncompressed tar of the root folder.
archive() {
    local name=$1 layer=$2 digest
    digest=$(sha256sum "$layer" | cut -d ' ' -f 1)
    rm -rf "$work/archive"
    mkdir "$work/archive"
    mv "$layer" "$work/archive/layer.tar"
    cat > "$work/archive/config.json" <<END
{"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z",
"config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"],"WorkingDir":"/"},
"rootfs":{"type":"layers","diff_ids":["sha256:$digest"]}}
END
    printf '[{"Config":"config.json","RepoTags":["%s:latest"],"Layers":["layer.tar"]}]\n' "$name" > "$work/archive/manifest.json"
    tar -C "$work/archive" --owner=0 --group=0 --numeric-owner -cf "$folder/$name.tar" manifest.json config.json layer.tar
    rm -rf "$work/archive"
}

mkdir -p "$work/busybox"/{bin,dev,etc,proc,root,sys,tmp,usr/bin,var/tmp}
chmod 1777 "$work/busybox/tmp" "$work/busybox/var/tmp"
cp "$(command -v busybox)" "$work/busybox/bin/busybox"
for applet in $("$work/busybox/bin/busybox" --list | grep -vx busybox); do ln -sf busybox "$work/busybox/bin/$applet"; done
ln -sf ../../bin/busybox "$work/busybox/usr/bin/env"
musl-gcc -static -Os -Wall -Wextra -s -o "$work/busybox/bin/burst" "$repository/tests/vm/burst.c"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' > "$work/busybox/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$work/busybox/etc/group"
tar -C "$work/busybox" --owner=0 --group=0 --numeric-owner --sort=name -cf "$work/busybox.tar" .
archive busybox "$work/busybox.tar"

# Beside python3 what a shell needs. No manual pages, no other languages, no package management.
packages=python3,base-files,base-passwd,bash,coreutils,dash,diffutils,findutils,grep,gzip,hostname,libc-bin,mawk,sed,tar
# Only these in Debian 12. In Debian 13 some of them cannot be set up before what every Debian has; most of that is taken away below.
variant=custom
[ "$suite" = bookworm ] || variant=essential
root=$work/quickstart
mmdebstrap --mode=root --format=directory --variant="$variant" --skip=output/dev --include="$packages${usr_merged:+,$usr_merged}" "${merge_usr[@]}" \
    --aptopt="$work/apt.conf" --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    "$suite" "$root" - < "$work/sources.list"
rm -rf "$root"/usr/share/{doc,man,info,locale,i18n,zoneinfo,perl*,dpkg,pixmaps,applications} "$root"/usr/lib/*/{perl*,gconv,libdb-*,libmvec*} \
    "$root"/usr/bin/{perl*,dpkg*} "$root"/usr/sbin/ldconfig "$root"/usr/lib/dpkg "$root"/etc/apt "$root"/var/lib/{apt,dpkg} "$root"/var/{cache,log}/* \
    "$root"/usr/lib/python3*/{idlelib,lib2to3,ensurepip,pydoc_data,distutils,test,turtledemo,tkinter}
: > "$root/etc/resolv.conf"
tar -C "$root" --numeric-owner --sort=name -cf "$work/quickstart.tar" .
rm -rf "$root"
archive quickstart "$work/quickstart.tar"
