#!/bin/bash
# suite.sh brief|whole SECONDS: the kernel suite on Debian 12's own kernel (6.1), with the object that this machine's kernel gets.
#   brief   the rows that need that kernel (tests/Merlon.Kernel.Tests/OldKernel), and the families load, attach and verdict
#   whole   every test, and docs/evidence/kernel61.json
# Fewer than 20 rows passed is a failure, whatever the reason.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
mode=${1:?usage: suite.sh brief|whole SECONDS}; seconds=${2:?usage: suite.sh brief|whole SECONDS}
least=20 log=artifacts/kernel61/suite.log code=0 start=$SECONDS
choice=()
if [ "$mode" = brief ]; then
  # One load of the program each: it takes ten seconds there. KillRows starts whole daemons, which takes minutes.
  verdicts='(TcpTests)|(FragmentTests)|(FirstPacketTests)|(ParseTests)'
  choice=(--filter-query '/*/Merlon.Kernel.Tests.OldKernel/!KillRows/*' --filter-query "/*/*/$verdicts/*" --filter-query '/*/*/ProbeTests/*'
    --filter-query '/*/*/OpenTests/The_real_program*' --filter-query '/*/*/AttachTests/(Attach_is_read*)|(A_removed_clsact*)|(Clsact_filters*)')
fi
mkdir -p artifacts/kernel61
export MERLON_OBJECT=$PWD/artifacts/firewall.bpf.o
tests/old-kernel/run.sh "$seconds" tests/Merlon.Kernel.Tests/bin/Release/net10.0/Merlon.Kernel.Tests \
  --no-ansi --progress off --output Detailed "${choice[@]}" 2>&1 | tee "$log" || code=$?
rows=$(grep -c '^passed .*\.OldKernel\.' "$log" || true)
if [ "$rows" -lt $least ]; then
  echo "kernel61: $rows of at least $least rows passed on that kernel"
  [ $code != 0 ] || code=1
fi
if [ "$mode" = whole ] && [ $code = 0 ]; then
  number() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$log" | tail -1; }
  cat > docs/evidence/kernel61.json <<JSON
{
  "name": "kernel61",
  "commit": "$(git rev-parse HEAD)",
  "date": "$(date -u +'%F %TZ')",
  "machine": "2 emulated processors (QEMU TCG), kernel $(cat artifacts/kernel61/release)",
  "result": {
    "passed": $(number succeeded),
    "failed": $(number failed),
    "skipped": $(number skipped),
    "rows": $rows,
    "seconds": $((SECONDS - start))
  }
}
JSON
fi
exit $code
