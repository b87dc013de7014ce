#!/bin/bash
# Merlon's parts of a lab of two hosts, started as an operator would: one controller, and an agent in each host's namespace.
#   parts.sh up FIRST SECOND PROGRAMS    PROGRAMS: folder of merlon-agent, firewall.bpf.o and merlon-controller
#   parts.sh alive FIRST SECOND          exit code 0 if all three run
#   parts.sh down FIRST SECOND AGENT     ends them, takes Merlon off both hosts' kernels, removes their files
#   parts.sh gate NAME AGENT             removes what the start gate of a lab of one host left, where no agent ever served it
# FIRST and SECOND are the namespaces of host.sh. The controller is of the first one's instance; its API listens on a free port, which
# /var/lib/FIRST/api.json tells. Logs: /run/NAME/libvirt/log/{controller,agent}.log.
set -euo pipefail
verb=${1:?up|alive|down|gate}; first=${2:?FIRST}; second=${3:?SECOND}

# part NAME PROGRAM: its process id, if it runs. A number alone might be anybody's by now.
part() {
  local pid; pid=$(cat "/run/$1/libvirt/$2.pid" 2>/dev/null) || return 1
  tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -q -- "merlon-$2 run --instance ${1#merlon-} " && echo "$pid"
}

begin() { # NAME PROGRAM COMMAND...
  local name=$1 program=$2; shift 2
  setsid "$@" >> "/run/$name/libvirt/log/$program.log" 2>&1 < /dev/null &
  echo $! > "/run/$name/libvirt/$program.pid"
}

there() { # NAME PROGRAM FILE...: waits until the files are there
  local name=$1 program=$2 file; shift 2
  for file; do
    for _ in $(seq 200); do
      [ ! -e "$file" ] || continue 2
      kill -0 "$(cat "/run/$name/libvirt/$program.pid")" 2>/dev/null || break # by its number: it may not be that program yet
      sleep 0.1
    done
    echo "parts.sh: merlon-$program of $name did not come up:" >&2; tail -5 "/run/$name/libvirt/log/$program.log" >&2
    exit 1
  done
}

up() { # PROGRAMS
  begin "$first" controller "$1/merlon-controller" run --instance "${first#merlon-}" --port 0
  there "$first" controller "/run/$first/controller.sock" "/var/lib/$first/api.json"
  # Both agents have certificates of the controller's CA.
  mkdir -p -m 700 "/var/lib/$second"; cp -a "/var/lib/$first/pki" "/var/lib/$second/"
  local name number=0
  for name in "$first" "$second"; do
    number=$((number + 1))
    begin "$name" agent nsenter "--net=/run/netns/$name" "$1/merlon-agent" run --instance "${name#merlon-}" --host "host-$number" \
      --libvirt "qemu+unix:///system?socket=/run/$name/libvirt/libvirt-sock" --controller "unix:/run/$first/controller.sock" --object "$1/firewall.bpf.o"
  done
  for name in "$first" "$second"; do there "$name" agent "/run/$name/agent.sock"; done
}

end() { # NAME PROGRAM
  local pid signal; pid=$(part "$1" "$2") || return 0
  for signal in TERM KILL; do
    kill -"$signal" "$pid" 2>/dev/null || return 0
    for _ in $(seq 30); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  done
}

remove() { # NAME AGENT
  local inside=() libvirt=none
  [ ! -S "/run/$1/libvirt/libvirt-sock" ] || libvirt="qemu+unix:///system?socket=/run/$1/libvirt/libvirt-sock"
  [ ! -e "/run/netns/$1" ] || inside=(nsenter "--net=/run/netns/$1")
  [ ! -e "/sys/fs/bpf/$1" ] || "${inside[@]}" "$2" remove --instance "${1#merlon-}" --libvirt "$libvirt" >/dev/null
  rm -rf "/etc/$1" "/var/lib/$1"
  # The folder of host.sh and the mark of a lab of two are others' affairs.
  [ ! -e "/run/$1" ] || find "/run/$1" -mindepth 1 -maxdepth 1 ! -name libvirt ! -name two-hosts -exec rm -rf {} +
}

case $verb in
  up) up "${4:?PROGRAMS}" ;;
  alive) part "$first" controller >/dev/null && part "$first" agent >/dev/null && part "$second" agent >/dev/null ;;
  gate) [ -e "/var/lib/$first/pki" ] || remove "$first" "$second" ;;
  down)
    end "$first" agent & end "$second" agent & end "$first" controller & wait
    remove "$first" "${4:?AGENT}"; remove "$second" "$4" ;;
  *) echo "parts.sh: no such verb: $verb" >&2; exit 1 ;;
esac
