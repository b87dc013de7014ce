#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# build.sh OUT: compile the kernel program to the object file OUT.
set -eu
out=${1:?usage: build.sh OUT}
here=$(cd "$(dirname "$0")" && pwd)
clang=${CLANG:-clang}
command -v "$clang" >/dev/null || { echo "build.sh: $clang is not installed (apt-get install clang)" >&2; exit 1; }
mkdir -p "$(dirname "$out")"
# -idirafter: asm/types.h lives in the host's multiarch folder, which the bpf target does not search.
"$clang" -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Werror \
	-fno-stack-protector -idirafter "/usr/include/$(uname -m)-linux-gnu" \
	-c "$here/firewall.bpf.c" -o "$out.tmp"
mv "$out.tmp" "$out"
