#!/bin/bash
# workloads.sh [WORKLOAD...] [--quick] [-o json]: the workloads that are measured against peers (docs/benchmarks.md). Needs root.
here=$(dirname "$(readlink -f "$0")")
root=$here/..
"$root/datapath/build.sh" "$root/artifacts/traffic.bpf.o" "$here/traffic.bpf.c"
commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain -- . ':!bench/results' ':!bench/RESULTS.md' 2>/dev/null)" ] || commit=$commit-changed
exec "$here/Merlon.Bench/bin/Release/net10.0/Merlon.Bench" run "$root/artifacts/firewall.bpf.o" "$root/artifacts/traffic.bpf.o" "$here/results" "$commit" "$@"
