#!/bin/bash
# Workloads W13 and W14: a million connections: what the expiry timer takes while they live and when they all expire at once; bytes an entry.
here=$(dirname "$(readlink -f "$0")")
exec "$here/Merlon.Bench/bin/Release/net10.0/Merlon.Bench" expiry "$here/../artifacts/firewall.bpf.o" "$@"
