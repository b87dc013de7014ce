#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# build.sh OUT [SOURCE]: compile the kernel program, or another one, to the object file OUT.
set -eu
out=${1:?usage: build.sh OUT [SOURCE]}
here=$(cd "$(dirname "$0")" && pwd)
source=${2:-$here/firewall.bpf.c}
clang=${CLANG:-clang}
command -v "$clang" >/dev/null || { echo "build.sh: $clang is not installed (apt-get install clang)" >&2; exit 1; }
mkdir -p "$(dirname "$out")"
# -idirafter: asm/types.h lives in the host's multiarch folder, which the bpf target does not search.
"$clang" -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Werror \
	-fno-stack-protector -idirafter "/usr/include/$(uname -m)-linux-gnu" \
	-c "$source" -o "$out.tmp"
mv "$out.tmp" "$out"
