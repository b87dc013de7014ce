#!/bin/bash
# Workload W10, a change of one member: how long until the kernel judges by it, beside a whole compilation and commit. Needs root.
here=$(dirname "$(readlink -f "$0")")
exec "$here/Merlon.Bench/bin/Release/net10.0/Merlon.Bench" member "$here/../artifacts/firewall.bpf.o" "$@"
