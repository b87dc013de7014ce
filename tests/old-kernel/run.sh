#!/bin/bash
# run.sh SECONDS COMMAND...: runs a command in an emulated machine with Debian 12's own kernel (6.1) and this machine's files.
# The guest reads every file where it is here, and writes to its own memory; only artifacts/kernel61 is written to for good.
# It has two processors and 3 GiB, no network and no disk. Its exit code is the command's; 124: not done in time, 125: did not run.
# MERLON_* and DOTNET_* of the environment are passed on.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seconds=${1:?usage: run.sh SECONDS COMMAND...}; shift
[ $# -gt 0 ] || { echo "usage: run.sh SECONDS COMMAND..." >&2; exit 125; }
command -v qemu-system-x86_64 >/dev/null || { echo "run.sh: qemu-system-x86_64 is missing: ./dev setup" >&2; exit 125; }
image=$("$here/image.sh")
root=$(cd "$here/../.." && pwd)
mkdir -p "$root/artifacts/kernel61"
share=$(mktemp -d "$root/artifacts/kernel61/run-XXXXXX")
qemu=
clean() { [ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true; rm -rf "$share"; }
trap clean EXIT
trap 'exit 130' INT TERM

{ echo 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root'
  declare -px | grep -E '^declare -x (MERLON|DOTNET)_' || true
  printf 'cd %q; uname -r > %q\n' "$PWD" "$share/release"
  printf '%q ' "$@"; printf '> %q 2>&1 < /dev/null\n' "$share/output"
  printf 'echo $? > %q\n' "$share/code"
  echo 'sync; /bin/busybox poweroff -f'; } > "$share/main"

# Archives in a row are one: the image's and the first program.
{ cat "$image/initrd"; cd "$here"; echo init | cpio -o -H newc --quiet; } > "$share/initrd"

: > "$share/output"
timeout --kill-after=10 "$seconds" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
  -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -m 3072 \
  -kernel "$image/vmlinuz" -initrd "$share/initrd" \
  -append "console=ttyS0 quiet loglevel=4 panic=-1 mitigations=off no_timer_check tsc=reliable image=$image share=$share" \
  -virtfs local,path=/,mount_tag=files,security_model=none,readonly=on,multidevs=remap \
  -virtfs "local,path=$share,mount_tag=share,security_model=none" \
  -chardev "file,id=log,path=$share/log" -serial chardev:log \
  < /dev/null &
qemu=$!
tail --pid="$qemu" --sleep-interval=0.5 -n +1 -f "$share/output"
ended=0; wait "$qemu" || ended=$?
qemu=
[ "$ended" != 124 ] && [ "$ended" != 137 ] || { echo "run.sh: not done within $seconds s" >&2; echo 124 > "$share/code"; }
cp "$share/log" "$root/artifacts/kernel61/console.log"
cp "$share/release" "$root/artifacts/kernel61/" 2>/dev/null || true
code=$(cat "$share/code" 2>/dev/null || true)
[ -n "$code" ] || { echo "run.sh: the guest ended without an answer; its console's end:" >&2; tail -15 "$share/log" >&2; code=125; }
exit "$code"
