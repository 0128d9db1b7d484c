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

# publish PROJECT TARGET PROPERTY...: what a user gets, without documentation and managed symbols beside it.
publish() {
    local project=$1 target=$2
    shift 2
    rm -rf "$target"
    dotnet publish "$project" -c Release -r "$(runtime_id)" -o "$target" -v q -nologo \
        -p:PublishDocumentationFiles=false -p:CopyOutputSymbolsToPublishDirectory=false "$@"
}

# Native code ahead of time: why, and the figures, are in docs/decisions/0012-native-programs.md. Its compiler is a package of its own and
# links with a C compiler. Only where one of the two cannot be had do the programs run on the shared .NET runtime, compiled ahead by
# ReadyToRun if that can be had; an error in the code is an error.
cannot_be_had='error (NU1100|NU1101|NU1102|NU1103|NU1202|NU1301|NETSDK1[0-9]+)|Platform linker .* not found'
publish_best() {
    local project=$1 target=$2 log=$artifacts/log/publish.log form
    for form in "native code;-p:PublishAot=true" "ReadyToRun;--self-contained false -p:PublishReadyToRun=true" "just-in-time;--self-contained false"; do
        # shellcheck disable=SC2086
        if publish "$project" "$target" ${form#*;} > "$log" 2>&1; then
            cat "$log"
            rm -f "$target"/*.pdb
            echo "${form%%;*}" > "$target/.form"
            return
        fi
        cat "$log"
        grep -qE "$cannot_be_had" "$log" || return 1
    done
    return 1
}

report_form() {
    local form
    form=$(cat "$1/.form")
    [ "$form" = "native code" ] || say "      $(basename "$1") is compiled as $form, since the native compiler or a linker is not to be had (see $artifacts/log)"
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
quietly "$artifacts/log/sleighd.log" "build sleighd" publish_best src/Daemon "$artifacts/sleighd"
report_form "$artifacts/sleighd"
quietly "$artifacts/log/sleighctl.log" "build sleighctl" publish_best src/Cli "$artifacts/sleighctl"
report_form "$artifacts/sleighctl"
ln -sfn ../sleighd/sleighd "$artifacts/bin/sleighd"
ln -sfn ../sleighctl/sleighctl "$artifacts/bin/sleighctl"
[ -x "$artifacts/sleigh-init" ] || die "the build of src/Init left no artifacts/sleigh-init"
mv "$stamp.new" "$stamp"
