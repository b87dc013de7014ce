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

say() { printf '\n== %s\n' "$*" >&2; }
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

matrix() { # matrix before|after : measured once, for people or for the checks
  if [ "$mode" = check ]; then ./merlon lab matrix -o json >"$state/$1.json"; else ./merlon lab matrix; fi || die "the matrix could not be measured"
}

stop() {
  trap - INT TERM EXIT
  say "cleaning up"
  local p
  for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
  for p in "${pids[@]}"; do wait "$p" 2>/dev/null; done
  if [ "$mode" != host ]; then
    "${enter[@]}" "$bin/merlon-agent" remove --instance "$instance" >>"$state/agent.log" 2>&1
    ./merlon lab down
    rm -rf "/etc/$name" "/var/lib/$name" "/run/$name"
  fi
}
trap 'stop; exit 130' INT TERM
trap 'code=$?; stop; exit $code' EXIT

if [ "$mode" = host ]; then
  libvirt=qemu:///system
  enter=()
else
  say "starting the lab: five VMs"
  rm -rf "/etc/$name" "/var/lib/$name"
  ./merlon lab up || die "the lab did not start"
  libvirt=$(./merlon lab status -o json | sed -n 's/.*"libvirtUri": *"\([^"]*\)".*/\1/p')
  enter=(nsenter "--net=/run/netns/$name") # exec, so that the pid we keep is the agent itself
  say "who reaches whom, without Merlon (measured inside the VMs)"
  matrix before
fi

say "starting controller and agent"
start controller "$bin/merlon-controller" run --instance "$instance"
start agent "${enter[@]}" "$bin/merlon-agent" run --instance "$instance" --libvirt "$libvirt" \
  --controller "unix:/run/$name/controller.sock" --object "$root/artifacts/firewall.bpf.o"
for _ in $(seq 100); do [ -S "/run/$name/agent.sock" ] && [ -f "/var/lib/$name/api.json" ] && break; sleep 0.2; done
./merlon status --wait --timeout 60 || { tail -n 5 "$state"/*.log >&2; die "agent and controller did not come up"; }

if [ "$mode" = host ]; then
  say "guarding this machine's libvirt"
  ./merlon get vm
  echo "Nothing is guarded yet: say what with a Guard (see lab/policies/platform.yaml), then: ./merlon apply -f YOUR-POLICIES --wait"
else
  say "applying lab/policies"
  ./merlon apply -f lab/policies --wait || die "the policies were refused"
  ./merlon get vm
  say "the same measurement, guarded"
  matrix after
  say "the last flows"
  ./merlon flows --limit 15
fi

passed=0 failed=0
cell() { tr -d ' \n' <"$1" | grep -o "{\"from\":\"$2\",\"to\":\"$3\",\"service\":\"$4\",\"family\":$5,\"delivered\":[a-z]*" | sed 's/.*://'; }
expect() { # expect WANTED FROM TO SERVICE : both IP versions, delivered before Merlon, WANTED after
  local family got was
  for family in 4 6; do
    was=$(cell "$state/before.json" "$2" "$3" "$4" $family); got=$(cell "$state/after.json" "$2" "$3" "$4" $family)
    if [ "$was" = true ] && [ "$got" = "$1" ]; then passed=$((passed + 1)); echo "ok      $2 -> $3 $4 IPv$family: $was -> $got"
    else failed=$((failed + 1)); echo "FAILED  $2 -> $3 $4 IPv$family: ${was:-not measured} -> ${got:-not measured}, expected true -> $1"; fi
  done
}

# Which taps have a link of ours: the pins are named by interface number. web-1 and intruder are the control for plain-1.
attached() { # attached VM yes|no
  local tap index got=no
  tap=$(./merlon lab status -o json | tr -d ' \n' | grep -o "{\"name\":\"$1\".*" | grep -o '"tap":"[^"]*' | head -n 1 | cut -d '"' -f 4)
  index=$("${enter[@]}" cat "/proc/net/dev_mcast" | awk -v tap="$tap" '$2 == tap {print $1; exit}')
  [ -n "$index" ] || got="no tap found"
  for pin in "/sys/fs/bpf/$name/links/$index"-*; do [ -e "$pin" ] && got=yes; done
  if [ "$got" = "$2" ]; then passed=$((passed + 1)); echo "ok      $1 ($tap, $index): program attached: $got"
  else failed=$((failed + 1)); echo "FAILED  $1 ($tap): program attached: $got, expected $2"; fi
}

if [ "$mode" = check ]; then
  say "checks"
  for web in web-1 web-2; do expect true $web db-1 tcp/5432; expect false $web db-1 tcp/22; done
  expect false web-1 web-2 tcp/22
  for to in web-1 web-2 db-1; do for service in ping tcp/80 tcp/22 tcp/5432; do expect false intruder $to $service; done; done
  for from in web-1 db-1; do expect true $from web-2 ping; done
  attached web-1 yes; attached intruder yes; attached plain-1 no
  echo "$passed passed, $failed failed"
  [ $failed = 0 ]
  exit
fi

cat >&2 <<EOF

Go on:
  export MERLON_INSTANCE=$instance     then, for example:
  ./merlon get vm                      who is guarded
  ./merlon explain intruder db-1 tcp/5432
  ./merlon flows -f --verdict deny
  edit lab/policies/shop.yaml; ./merlon apply -f lab/policies --wait
API: $(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "/var/lib/$name/api.json" 2>/dev/null)/scalar (token in /var/lib/$name/api.json)
Logs: artifacts/run/*.log. Ctrl-C ends and removes everything.
EOF
wait "${pids[@]}"
die "a process ended by itself: see $state/*.log"
