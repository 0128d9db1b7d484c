#!/usr/bin/env bash
# test.sh all|everything|unit|integration|vm: builds, runs the suites one after the other, ends with the sum of all.
# `all` has the virtual machine debian12, `everything` debian13 too; `vm` takes the one that SLEIGH_VM_MACHINE names, or debian12.
# A suite that crashes, runs out of time or runs no test counts as one failed test more. Logs: artifacts/test/.
# Where up to three tests of a suite fail, their classes run once more. What passes then counts as passed and is named, with its
# first failure, as unsteady: a defect of its own. SLEIGH_TEST_TRIES=1 forgives nothing.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$repository"

which=${1:-all}
results=$artifacts/test
unit_seconds=${SLEIGH_UNIT_SECONDS:-300}
integration_seconds=${SLEIGH_INTEGRATION_SECONDS:-2700}
vm_seconds=${SLEIGH_VM_SECONDS:-2400}
tries=${SLEIGH_TEST_TRIES:-2}
most_forgiven=3
machines=()
case $which in
    all) machines=(debian12) ;;
    everything) machines=(debian12 debian13) && export SLEIGH_VM_BURSTS=${SLEIGH_VM_BURSTS:-50} ;;
    vm) machines=("${SLEIGH_VM_MACHINE:-debian12}") ;;
    unit | integration) ;;
    *) die "there is no group of tests '$which'; there are all, everything, unit, integration and vm" ;;
esac

need_dotnet
if [ "$which" != unit ]; then
    # Without an argument where there is no machine.
    scripts/install-dependencies.sh ${machines:+--machines}
    scripts/build.sh
    scripts/deb.sh
fi

rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0 unsteady=0

# attribute NAME: of the one <assembly> element of a result file on standard input.
attribute() { grep -o '<assembly [^>]*' | head -n 1 | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' || echo 0; }

# failed_classes FILE: the classes of the tests that failed, each once; nothing where something else than a test failed.
failed_classes() {
    grep -q '<error ' "$1" || grep -o '<test [^>]*result="Fail"[^>]*>' "$1" | grep -oE ' type="[^"]+"' | cut -d '"' -f 2 | sort -u
}

# timeout has a process group of its own, which a Ctrl-C in the terminal does not reach: it must be told.
runner="" images="" images_pending=0
interrupted() {
    trap '' INT TERM
    [ -z "$runner" ] || { kill -TERM "$runner" 2> /dev/null && wait "$runner"; } || true
    [ "$images_pending" = 0 ] || { kill -TERM "$images" 2> /dev/null && wait "$images"; } || true
    exit "$1"
}
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

# run_suite PROJECT SECONDS ARGUMENT...
run_suite() {
    local project=$1 limit=$2 name log xml dll status=0 start ran=0 good=0 bad=0 left=0 wrong="" classes=() class forgiven=0
    shift 2
    name=$(basename "$project" .csproj)
    name=${suite_name:-${name#Sleigh.}}
    log=$results/$name.log
    xml=$results/$name.xml
    dll=$(dirname "$project")/bin/Release/net10.0/$(basename "$project" .csproj).dll
    start=$(clock)

    if [ -e "$dll" ]; then
        timeout -k 20 "$limit" dotnet "$dll" -noColor -xml "$xml" "$@" > "$log" 2>&1 < /dev/null &
        runner=$!
        wait "$runner" || status=$?
        runner=""
    else
        wrong="was not built: no $dll"
    fi

    if [ -s "$xml" ]; then
        good=$(attribute passed < "$xml")
        bad=$(($(attribute failed < "$xml") + $(attribute errors < "$xml")))
        left=$(attribute skipped < "$xml")
        ran=$((good + bad + left))
    fi

    if [ -z "$wrong" ]; then
        if [ "$status" = 124 ] || [ "$status" = 137 ]; then
            wrong="was not done after $limit s"
        elif [ ! -s "$xml" ]; then
            wrong="ended with status $status and no result"
        elif [ "$ran" = 0 ]; then
            wrong="ran no test"
        elif [ "$status" != 0 ] && [ "$bad" = 0 ]; then
            wrong="ended with status $status though no test failed"
        fi
    fi

    if [ -z "$wrong" ] && [ "$tries" -gt 1 ] && [ "$bad" -gt 0 ] && [ "$bad" -le "$most_forgiven" ]; then
        for class in $(failed_classes "$xml"); do classes+=(-class "$class"); done
        if [ "${#classes[@]}" -gt 0 ]; then
            again=0
            timeout -k 20 "$limit" dotnet "$dll" -noColor -xml "${xml%.xml}-again.xml" "$@" "${classes[@]}" > "${log%.log}-again.log" 2>&1 < /dev/null &
            runner=$!
            wait "$runner" || again=$?
            runner=""
            if [ "$again" = 0 ] && [ "$(attribute skipped < "${xml%.xml}-again.xml")" = 0 ] && [ "$(attribute passed < "${xml%.xml}-again.xml")" -ge "$bad" ]; then
                forgiven=$bad good=$((good + bad)) bad=0
            fi
        fi
    fi

    [ -z "$wrong" ] || bad=$((bad + 1))
    unsteady=$((unsteady + forgiven))
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
    printf '%-4s  %6s s  %-22s %4d passed %3d failed %3d skipped%s\n' "$([ "$bad" = 0 ] && echo ok || echo FAIL)" \
        "$(seconds_since "$start")" "$name" "$good" "$bad" "$left" "${wrong:+  (the suite $wrong)}"
    [ "$forgiven" = 0 ] || echo "      $forgiven of them failed at first and passed when their classes ran again: unsteady. How they failed:"
    if [ $((bad + forgiven)) != 0 ] && [ -e "$log" ]; then
        # The runner prints only what failed or was skipped between these two lines.
        sed -e '/Discovering:/d; /Discovered:/d; /Starting:/d; /Finished:/d; /^xUnit.net/d; /TEST EXECUTION SUMMARY/d' "$log" | head -n 400 | sed 's/^/      /'
    elif [ "$left" != 0 ]; then
        grep -A 1 -F '[SKIP]' "$log" | sed 's/^/      /' | head -n 40 || true
    fi
}

suites=()
case $which in all | everything | unit) suites+=(tests/*.Tests/*.csproj) ;; esac
case $which in all | everything | integration) suites+=(tests/integration/*.csproj) ;; esac
quietly "$results/build.log" "build everything and its tests" dotnet build Sleigh.slnx -c Release -v q -nologo

# make_machines: their images, one after the other. Where one cannot be made, each test of its suite fails and says why.
make_machines() {
    local machine start made job=""
    trap '[ -z "$job" ] || { kill -TERM "$job" && wait "$job"; }; exit 143' TERM
    for machine in "${machines[@]}"; do
        start=$(clock) made=ok
        timeout -k 20 "$vm_seconds" scripts/vm.sh build "$machine" > "$results/machine-$machine.log" 2>&1 < /dev/null &
        job=$!
        wait "$job" || made=FAIL
        job=""
        printf '%-4s  %6s s  the image of %s\n' "$made" "$(seconds_since "$start")" "$machine"
    done
}

# The unit tests do not mind the company; the integration tests have the machine for themselves.
make_machines > "$results/machines" &
images=$!
images_pending=1
await_images() {
    [ "$images_pending" = 1 ] || return 0
    images_pending=0
    runner=$images
    wait "$images" || true
    runner=""
    cat "$results/machines"
}
for project in "${suites[@]}"; do
    case $project in
        tests/integration/*)
            await_images
            run_suite "$project" "$integration_seconds" -parallel none
            ;;
        *) run_suite "$project" "$unit_seconds" ;;
    esac
done
await_images
for machine in "${machines[@]}"; do
    suite_name=VmTests-$machine SLEIGH_VM_MACHINE=$machine run_suite tests/vm/Sleigh.VmTests.csproj "$vm_seconds" -parallel none
done

[ "$passed" -gt 0 ] || failed=$((failed > 0 ? failed : 1))
[ "$unsteady" = 0 ] || echo "unsteady: $unsteady of the passed failed at first; each is a defect of the test or of Sleigh"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
