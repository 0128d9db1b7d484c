#!/usr/bin/env bash
# Records the memory of one sandbox: what it uses, its brake and its wall about every 20 ms, and what was decided about it. Runs as root on
# the host of the sandbox, needs sleighctl and nothing else of this repository; between two samples it starts no process.
#   memory-record.sh SANDBOX [--seconds N] > FILE.csv      N is 30 when not given
# Each line: time in ms since the start, bytes in use, brake, wall ("max": none), how often the brake was met; or a time, four times nothing
# and a decision. Lines that say nothing new are left out, but for one a second. scripts/memory-picture.py draws it.
set -euo pipefail

die() { printf '%s\n' "$*" >&2 && exit 1; }
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }

sandbox="" seconds=30
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=${2:?a number of seconds} && shift ;;
        -h | --help) usage && exit 0 ;;
        -*) die "there is no option $1; see: $0 --help" ;;
        *) sandbox=$1 ;;
    esac
    shift
done
[ -n "$sandbox" ] || die "whose memory? See: $0 --help"
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "--seconds is '$seconds', must be a whole number above 0"

group=$(sleighctl inspect "$sandbox" -o json | sed -n 's/^ *"cgroup": *"\(.*\)",\{0,1\}$/\1/p')
[ -n "$group" ] || die "sleighctl shows no cgroup of $sandbox: it does not run"
[ -r "$group/memory.current" ] || die "$group has no memory.current: this host limits memory by version 1 of cgroups, and nothing grows there by itself"

# EPOCHREALTIME has six digits behind the dot, or whatever the locale has in its place.
now_us() { now=${EPOCHREALTIME/[.,]/}; }

# A read with a time limit from what never comes is a sleep without a process.
exec {nothing}<> <(:)

# False once the sandbox is gone, which ends the record.
sample() {
    local name value
    high=0
    { read -r usage < "$group/memory.current" && read -r brake < "$group/execs/memory.high" && read -r wall < "$group/memory.max" || return 1
      while read -r name value; do [ "$name" != high ] || high=$value; done < "$group/memory.events"; } 2> /dev/null
}

now_us
start=$now last="" at=0 shown=0
echo "time_ms,usage_bytes,brake_bytes,wall_bytes,brake_met,decision"
while now_us && [ $((now - start)) -lt $((seconds * 1000000)) ] && sample; do
    line=$usage,$brake,$wall,$high before=$at at=$(((now - start) / 1000))
    if [ "$line" != "$last" ] || [ $((at - shown)) -ge 1000 ]; then
        # Until when the old values stood.
        [ -z "$last" ] || [ "$line" = "$last" ] || [ "$before" = "$shown" ] || echo "$before,$last,"
        echo "$at,$line,"
        last=$line shown=$at
    fi
    read -r -t 0.018 -u "$nothing" || true
done

# One member of an object a line: the last of a decision is its closing bracket.
sleighctl memory "$sandbox" -o json | sed -n '/^ *"decisions": \[/,/^ *\]/p' | while IFS= read -r text; do
    case $text in
        *'"time": "'*) time=${text#*\"time\": \"} && time=${time%%\"*} from="" to="" by="" ;;
        *'"action": "'*) action=${text#*\"action\": \"} && action=${action%%\"*} ;;
        *'"trigger": "'*) by=${text#*\"trigger\": \"} && by=${by%%\"*} ;;
        *'"from_mb": '*) from=${text#*: } && from=${from%,} ;;
        *'"to_mb": '*) to=${text#*: } && to=${to%,} ;;
        *'}'*)
            at=$(($(date -d "$time" +%s%3N) - start / 1000))
            [ "$at" -lt 0 ] || echo "$at,,,,,$action from $from to $to MB${by:+ ($by)}"
            ;;
    esac
done | sort -n
