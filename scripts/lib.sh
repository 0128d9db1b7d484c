# Shared by the scripts; sourced, not run.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
artifacts=$repository/artifacts
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# No compiler server and no build node outlives the command: a script leaves no process behind.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Milliseconds since some moment that does not jump.
clock() {
    local up
    read -r up _ < /proc/uptime
    printf '%s' "$((10#${up/./} * 10))"
}

seconds_since() {
    local ms=$(($(clock) - $1))
    printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# quietly LOG NAME COMMAND...: one line when it went well; the log's end when it did not.
quietly() {
    local log=$1 name=$2 start
    shift 2
    mkdir -p "$(dirname "$log")"
    start=$(clock)
    if "$@" > "$log" 2>&1; then
        say "ok    $(printf '%5s' "$(seconds_since "$start")") s  $name"
    else
        local status=$?
        grep -E '(error|warning) [A-Z]+[0-9]+|^E: |[Ee]rror:' "$log" | sort -u | head -20 >&2 || true
        tail -n 15 "$log" >&2
        die "$name failed (status $status); the whole log is $log"
    fi
}

need_dotnet() {
    command -v dotnet > /dev/null || die "the .NET SDK is missing: install version 10 (https://dotnet.microsoft.com/download/dotnet/10.0)"
    local version
    version=$(cd "$repository" && dotnet --version 2>&1) || die "no fitting .NET SDK: global.json asks for version 10: $version"
}

runtime_id() {
    case $(uname -m) in
        x86_64) echo linux-x64 ;;
        aarch64) echo linux-arm64 ;;
        *) die "machines of type $(uname -m) are not supported: x86_64 and aarch64 are" ;;
    esac
}
