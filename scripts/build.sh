#!/usr/bin/env bash
# Builds artifacts/sleighd/, artifacts/sleighctl/ and artifacts/sleigh-init. Does nothing when no source is newer.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$repository"

stamp=$artifacts/.built
sources=(src proto Directory.Build.props Directory.Packages.props global.json scripts/build.sh scripts/lib.sh)
source_files() { find "${sources[@]}" \( -name bin -o -name obj \) -prune -o -type f "$@"; }
source_names() { source_files -print | LC_ALL=C sort | sha256sum; }
up_to_date() {
    [ -x "$artifacts/sleighd/sleighd" ] && [ -x "$artifacts/sleighctl/sleighctl" ] && [ -x "$artifacts/sleigh-init" ] &&
        # The stamp holds which files there were, so that a file that has gone counts as a change too.
        [ "$(source_names)" = "$(cat "$stamp" 2> /dev/null)" ] && [ -z "$(source_files -newer "$stamp" -print -quit)" ]
}

publish() {
    local project=$1 target=$2
    shift 2
    rm -rf "$target"
    dotnet publish "$project" -c Release -r "$(runtime_id)" --self-contained false -o "$target" -v q -nologo "$@"
}

# Compiled ahead (ReadyToRun), a program starts in a third of the time. The compiler is a package of its own; where it cannot be
# had, the program is published without.
publish_fast() {
    publish "$1" "$2" -p:PublishReadyToRun=true ||
        { echo "ReadyToRun is not to be had here; publishing without it" && publish "$1" "$2"; }
}

build_init() { make --no-print-directory -C src/Init; }

if up_to_date; then
    say "ok     built before, nothing has changed since"
    exit 0
fi

need_dotnet
mkdir -p "$artifacts/bin"
source_names > "$stamp.new"
quietly "$artifacts/log/init.log" "build sleigh-init" build_init
quietly "$artifacts/log/sleighd.log" "build sleighd" publish_fast src/Daemon "$artifacts/sleighd"
quietly "$artifacts/log/sleighctl.log" "build sleighctl" publish_fast src/Cli "$artifacts/sleighctl"
ln -sfn ../sleighd/sleighd "$artifacts/bin/sleighd"
ln -sfn ../sleighctl/sleighctl "$artifacts/bin/sleighctl"
[ -x "$artifacts/sleigh-init" ] || die "the build of src/Init left no artifacts/sleigh-init"
mv "$stamp.new" "$stamp"
