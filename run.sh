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
state=$root/artifacts/run
mode=lab
case "${1:-}" in
  "") ;;
  --check) mode=check ;;
  --host) mode=host ;;
  *) echo "usage: ./run.sh [--check|--host]" >&2; exit 1 ;;
esac

say() { printf '\n== %s\n' "$*" >&2; }
die() { echo "run.sh: $1" >&2; [ $# -lt 2 ] || echo "mend:   $2" >&2; exit 1; }

./dev setup || exit 1
./dev build || exit 1

if [ "$mode" = host ]; then instance=""; else instance=lab; fi
export MERLON_INSTANCE=$instance
name=merlon${instance:+-$instance}
enter=() # into the host's network; execs, so that the pid we keep is the agent's
[ "$mode" = host ] || enter=(nsenter "--net=/run/netns/$name")
pids=()
mkdir -p "$state"

start() { # start NAME COMMAND... : in the background, its talk in a log; ends with us, however we end
  local log="$state/$1.log"; shift
  setpriv --pdeathsig TERM "$@" >"$log" 2>&1 &
  pids+=($!)
}

alive() { local p; for p in "${pids[@]}"; do kill -0 "$p" 2>/dev/null || return 1; done; }

stop() {
  trap '' INT TERM HUP # a second Ctrl-C or a closed terminal must not leave half of it
  trap - EXIT
  say "cleaning up"
  local p
  for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
  for p in "${pids[@]}"; do wait "$p" 2>/dev/null; done
  if [ "$mode" != host ]; then remove_lab
  elif [ -e "/sys/fs/bpf/$name" ]; then echo "what is guarded stays guarded: '$bin/merlon-agent remove' takes Merlon off this host's kernel. /var/lib/$name keeps policy and certificates." >&2
  fi
}

remove_lab() { # whatever of it is there, also of a run that was killed
  local inside=()
  [ ! -e "/run/netns/$name" ] || inside=("${enter[@]}")
  [ ! -e "/sys/fs/bpf/$name" ] || "${inside[@]}" "$bin/merlon-agent" remove --instance "$instance" >>"$state/agent.log" 2>&1
  ./merlon lab down
  rm -rf "/etc/$name" "/var/lib/$name" "/run/$name"
}

start_lab() {
  say "starting the lab: five VMs"
  remove_lab
  ./merlon lab up || die "the lab did not start"
  libvirt="qemu+unix:///system?socket=/run/$name/libvirt/libvirt-sock"
  say "who reaches whom, without Merlon (measured inside the VMs)"
  ./merlon lab matrix --save "$state/before.json" || die "the matrix could not be measured"
}

there() { # there FILE... : waits until all are there, or a process of ours has ended
  local f missing
  for _ in $(seq 100); do
    missing=no
    for f; do [ -e "$f" ] || missing=yes; done
    [ $missing = yes ] && alive || return
    sleep 0.2
  done
}

start_merlon() {
  say "starting controller and agent"
  start controller "$bin/merlon-controller" run --instance "$instance"
  there "/run/$name/controller.sock" "/var/lib/$name/api.json"
  start agent "${enter[@]}" "$bin/merlon-agent" run --instance "$instance" --libvirt "$libvirt" \
    --controller "unix:/run/$name/controller.sock" --object "$root/artifacts/firewall.bpf.o"
  there "/run/$name/agent.sock"
  { alive && ./merlon status --wait --timeout 60; } || { tail -n 5 "$state"/*.log >&2; die "agent and controller did not come up"; }
}

guard_lab() {
  say "applying lab/policies"
  ./merlon apply -f lab/policies --wait || die "the policies were refused"
  ./merlon get vm
  say "the same measurement, guarded, beside the first, with the rule that decides"
  ./merlon lab matrix --before "$state/before.json" --expect lab/cases.yaml 2>&1 | tee "$state/matrix.txt"
  say "the last flows"
  ./merlon flows --limit 15
}

# Which taps have a link of ours: the pins are named by interface number. web-1 and intruder are the control for plain-1.
attached() { # attached VM yes|no
  local tap index pin got=no
  tap=$(./merlon lab status | awk -v vm="$1" '$1 == vm {print $5}')
  index=$("${enter[@]}" ip -o link show "$tap" | cut -d: -f1)
  [ -n "$index" ] || got="no tap found"
  for pin in "/sys/fs/bpf/$name/links/$index"-*; do [ -e "$pin" ] && got=yes; done
  if [ "$got" = "$2" ]; then passed=$((passed + 1)); echo "ok      $1 ($tap, $index): program attached: $got"
  else failed=$((failed + 1)); echo "FAILED  $1 ($tap): program attached: $got, expected $2"; fi
}

check() { # the count is the last word, so the cleaning comes before it
  local passed failed
  passed=$(awk '/^[0-9]+ passed, [0-9]+ failed$/ {print $1}' "$state/matrix.txt")
  failed=$(awk '/^[0-9]+ passed, [0-9]+ failed$/ {print $3}' "$state/matrix.txt")
  [ -n "$passed" ] || die "the guarded matrix was not measured"
  say "which VMs have a program at their tap"
  attached web-1 yes; attached intruder yes; attached plain-1 no
  stop
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

go_on() {
  local api=/var/lib/$name/api.json
  printf '\nGo on, in another terminal and in this folder:\n'
  if [ "$mode" = host ]; then cat <<EOF
  ./merlon get vm                                     # every VM here; none is guarded before a Guard says so
  ./merlon check lab/policies -i lab/inventory.yaml   # the lab's policies as an example; platform.yaml has the Guard
  ./merlon apply -f YOUR-POLICIES --wait              # a file or a folder
  ./merlon flows -f --verdict deny                    # what is refused, as it happens
EOF
  else cat <<EOF
  export MERLON_INSTANCE=$instance
  ./merlon get vm                                  # who is guarded
  ./merlon explain intruder db-1 tcp/5432          # would it pass, and which rule says so
  ./merlon lab probe intruder tcp 10.8.0.7 5432    # try it
  ./merlon flows --limit 5 --verdict deny          # what was refused last; -f stays and shows what comes
  ./merlon apply -f lab/policies --wait            # after a change in lab/policies/shop.yaml
EOF
  fi
  echo "API: $(sed -n 's/.*"url": *"\([^"]*\)".*/\1/p' "$api")/scalar (token in $api)"
  printf 'Logs: artifacts/run/*.log. Ctrl-C ends '
  if [ "$mode" = host ]; then echo "agent and controller; what is guarded stays guarded."
  else echo "and removes everything."; fi
}

trap 'stop; exit 130' INT TERM HUP
trap 'code=$?; stop; exit $code' EXIT

if [ "$mode" = host ]; then
  libvirt=qemu:///system
  virsh -q -c "$libvirt" uri >/dev/null 2>&1 ||
    die "this machine's libvirt ($libvirt) does not answer" "systemctl start libvirtd (or install libvirt-daemon-system); ./run.sh alone needs none: its lab has its own"
  start_merlon
  ./merlon get vm
else
  start_lab
  start_merlon
  guard_lab
fi

if [ "$mode" = check ]; then check; exit; fi

go_on >&2
wait -n "${pids[@]}"
die "a process ended by itself: see $state/*.log"
