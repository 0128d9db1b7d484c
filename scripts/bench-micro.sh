#!/usr/bin/env bash
# Times the small parts, in one process. Arguments go to BenchmarkDotNet: --filter '*Json*', --list flat.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$repository"

need_dotnet
quietly "$artifacts/log/bench-micro.log" "build benchmarks/Micro" dotnet build benchmarks/Micro -c Release -v q -nologo
dotnet benchmarks/Micro/bin/Release/net10.0/Sleigh.Benchmarks.Micro.dll "$@"
