#!/bin/bash
# Everything that must be green: setup, build, then the suites one after another, each within its time.
# Ends with "N passed, N failed" alone on a line; exit 0 only if nothing failed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet || echo /usr/bin/dotnet)")")}
passed=0 failed=0

program() { echo "tests/Merlon.${1^}.Tests/bin/Release/net10.0/Merlon.${1^}.Tests"; }

# suite NAME MINUTES COMMAND...
suite() {
  local name=$1 minutes=$2 log=artifacts/test-$1.log start=$SECONDS code=0 total bad skipped seconds; shift 2
  echo "== $name (budget $minutes min)"
  timeout --kill-after=30 $((minutes * 60)) "$@" > "$log" 2>&1 || code=$?
  seconds=$((SECONDS - start))
  total=$(number total); bad=$(number failed); skipped=$(number skipped)
  if [ $code = 124 ] || [ $code = 137 ]; then
    echo "   FAILED: $name did not end within $minutes minutes"
    bad=$((bad + 1))
  elif [ $code != 0 ] && [ "$bad" = 0 ]; then
    echo "   FAILED: $name ended with code $code"
    bad=1
  elif [ $code = 0 ] && [ "$((total - skipped))" = 0 ]; then
    echo "   FAILED: $name ran no test"
    bad=1
  fi
  local good=$((total > bad + skipped ? total - bad - skipped : 0))
  [ "$bad" = 0 ] || show_failures
  echo "   $name: $good passed, $bad failed, $skipped skipped in ${seconds}s of $((minutes * 60))s ($log)"
  passed=$((passed + good)); failed=$((failed + bad))
}

# The runner's summary has lines "  total: 12", "  failed: 0", "  skipped: 0".
number() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$log" | tail -1 | grep . || echo 0; }

show_failures() {
  awk '/^ *failed /{n=25} n-- > 0 && ++lines <= 300 {print "   | " $0}' "$log"
  grep -q '^ *failed ' "$log" || tail -40 "$log" | sed 's/^/   | /'
}

if ./dev setup && ./dev build; then
  suite fast 1 "$(program fast)" --no-ansi --progress off
  suite kernel 5 "$(program kernel)" --no-ansi --progress off --filter-not-trait kernel=6.1
  suite hosts 10 "$(program hosts)" --no-ansi --progress off
  suite old-kernel 10 tests/old-kernel/suite.sh brief 570
else
  echo "FAILED: setup or build"
  failed=1
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
