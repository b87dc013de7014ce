#!/usr/bin/env bash
# The main job, end to end: installs what is missing, builds, starts the lab (real VMs), agent and controller, shows
# who reaches whom before and after lab/policies, and how to go on.
#   ./run.sh            lab, stays up until Ctrl-C
#   ./run.sh --check    the same without a terminal; ends with 'N passed, N failed'
#   ./run.sh --host     guards this machine's own libvirt instead of the lab
set -uo pipefail
cd "$(dirname "$0")" || exit 1
root=$PWD
bin=$root/artifacts/bin
mode=lab
case "${1:-}" in
  "") ;;
  --check) mode=check ;;
  --host) mode=host ;;
  *) echo "usage: ./run.sh [--check|--host]" >&2; exit 1 ;;
esac

say() { printf '\n\033[1m== %s\033[0m\n' "$*" >&2; }
die() { echo "run.sh: $*" >&2; exit 1; }

./dev setup || exit 1
./dev build || exit 1

if [ "$mode" = host ]; then instance=""; else instance=lab; fi
export MERLON_INSTANCE=$instance
name=merlon${instance:+-$instance}
state=$root/artifacts/run
mkdir -p "$state"
pids=()

start() { # start NAME COMMAND… : in the background, its talk in a log
  local log="$state/$1.log"; shift
  "$@" >"$log" 2>&1 &
  pids+=($!)
}

stop() {
  trap - INT TERM EXIT
  say "cleaning up"
  local p
  for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
  for p in "${pids[@]}"; do wait "$p" 2>/dev/null; done
  if [ "$mode" != host ]; then
    "$bin/merlon-agent" remove --instance "$instance" >>"$state/agent.log" 2>&1
    ./merlon lab down
    rm -rf "/etc/$name" "/var/lib/$name" "/run/$name"
  fi
}
trap 'stop; exit ${code:-130}' INT TERM
trap 'code=$?; stop; exit $code' EXIT

if [ "$mode" = host ]; then
  libvirt=qemu:///system
  enter=()
else
  say "starting the lab: five VMs"
  rm -rf "/etc/$name" "/var/lib/$name"
  ./merlon lab up || die "the lab did not start"
  libvirt=$(./merlon lab status -o json | sed -n 's/.*"libvirtUri": *"\([^"]*\)".*/\1/p')
  enter=(./merlon lab exec --)
  say "who reaches whom, without Merlon (measured inside the VMs)"
  ./merlon lab matrix -o json >"$state/before.json" || die "the matrix could not be measured"
  ./merlon lab matrix --show "$state/before.json"
fi

say "starting controller and agent"
start controller "$bin/merlon-controller" run --instance "$instance"
start agent "${enter[@]}" "$bin/merlon-agent" run --instance "$instance" --libvirt "$libvirt" \
  --controller "unix:/run/$name/controller.sock" --object "$root/artifacts/firewall.bpf.o"
./merlon status --wait --timeout 60 || { tail -5 "$state"/*.log >&2; die "agent and controller did not come up"; }

if [ "$mode" = host ]; then
  say "guarding this machine's libvirt"
  ./merlon get vm
  echo "Nothing is guarded yet: say what with a Guard (see lab/policies/platform.yaml), then: ./merlon apply -f YOUR-POLICIES --wait"
else
  say "applying lab/policies"
  ./merlon apply -f lab/policies --wait || die "the policies were refused"
  ./merlon get vm
  say "the same measurement, guarded: before → after, and the rule that decided"
  ./merlon lab matrix --before "$state/before.json" -o json >"$state/after.json"
  ./merlon lab matrix --show "$state/after.json"
  say "the last flows"
  ./merlon flows --limit 15
fi

if [ "$mode" = check ]; then
  say "checks"
  ./merlon lab verify --before "$state/before.json" --after "$state/after.json"
  exit
fi

cat >&2 <<EOF

Go on:
  export MERLON_INSTANCE=$instance     then, for example:
  ./merlon get vm                      who is guarded
  ./merlon explain intruder db-1 tcp/5432
  ./merlon flows -f --verdict deny
  ./merlon lab probe intruder ping 10.8.0.13 1
  edit lab/policies/shop.yaml; ./merlon apply -f lab/policies --wait
API: $(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "/var/lib/$name/api.json" 2>/dev/null)/scalar (token in /var/lib/$name/api.json)
Logs: artifacts/run/*.log. Ctrl-C ends and removes everything.
EOF
wait "${pids[@]}"
die "a process ended by itself: see $state/*.log"
