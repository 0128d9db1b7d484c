#!/usr/bin/env bash
# Runs the growth policy and the ledger on a modelled kernel, in one process, without root. --help lists the options.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$repository"

need_dotnet
quietly "$artifacts/log/bench-memory.log" "build benchmarks/MemorySimulation" dotnet build benchmarks/MemorySimulation -c Release -v q -nologo
dotnet benchmarks/MemorySimulation/bin/Release/net10.0/Sleigh.Benchmarks.MemorySimulation.dll "$@"
