#!/bin/bash
# One lab host: a network namespace with a bridge, and a libvirt daemon of its own in it that shares nothing with
# the machine's: not its VMs, not its configuration, not its bridges.
#   host.sh up NAME [AGENT [NUMBER]]   namespace NAME, files in /run/NAME/libvirt, socket /run/NAME/libvirt/libvirt-sock, hooks in
#                       /run/NAME/libvirt/etc/hooks: with AGENT (path of merlon-agent) its start gate, of the instance of that name;
#                       the bridge has the addresses 10.8.0.NUMBER and fd00:8::NUMBER (1)
#   host.sh wire NAME OTHER   a cable between the bridges of two hosts
#   host.sh down NAME   ends every process of the namespace, by its id, and removes namespace and files
# A VM's definition must mean the same on every host that it may move to. So it names sockets and logs as that host's QEMU sees them:
# /run/libvirt is /run/NAME/libvirt/run there, /var/log/libvirt is /run/NAME/libvirt/log.
set -euo pipefail
verb=${1:?up|wire|down}; name=${2:?NAME}; agent=${3:-}; number=${4:-1}
dir=/run/$name/libvirt
cache=/var/cache/merlon-lab/libvirt

for tool in libvirtd virsh qemu-system-x86_64 nsenter unshare ip; do
  command -v $tool >/dev/null || {
    echo "host.sh: $tool is missing: apt-get install libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 iproute2" >&2
    exit 1
  }
done

in_host() { nsenter --net="/run/netns/$name" -- "$@"; }

down() {
  if [ -e "/run/netns/$name" ]; then
    for signal in TERM TERM TERM KILL; do
      pids=$(ip netns pids "$name"); [ -n "$pids" ] || break
      kill -"$signal" $pids 2>/dev/null || true
      # A guest's QEMU and libvirtd end within a fraction of a second, or not at all.
      for _ in $(seq 15); do [ -n "$(ip netns pids "$name")" ] || break; sleep 0.1; done
    done
    ip netns del "$name"
  fi
  rm -rf --one-file-system "$dir"
  rmdir --ignore-fail-on-non-empty "/run/$name" 2>/dev/null || true
}

users() { # two hosts may come up at once
  flock 9
  for group in kvm libvirt libvirt-qemu; do getent group $group >/dev/null || groupadd -r $group; done
  id libvirt-qemu >/dev/null 2>&1 || useradd -r -g kvm -G libvirt-qemu -d /var/lib/libvirt -s /usr/sbin/nologin libvirt-qemu
} 9< "$0"

network() {
  ip netns add "$name"
  ip -n "$name" link set lo up
  ip -n "$name" link add br0 type bridge stp_state 0
  ip -n "$name" addr add "10.8.0.$number/24" dev br0
  ip -n "$name" addr add "fd00:8::$number/64" dev br0 nodad
  ip -n "$name" link set br0 up
  # Bridged packets go through the bridge and nothing else, whatever the machine's own setting is.
  for file in iptables ip6tables arptables; do
    in_host sh -c "[ ! -e /proc/sys/net/bridge/bridge-nf-call-$file ] || echo 0 > /proc/sys/net/bridge/bridge-nf-call-$file"
  done
}

configure() {
  mkdir -p "$dir"/{etc/hooks,var,log,domains,run/probe} "$cache" /etc/libvirt /run/libvirt /var/{lib,log,cache}/libvirt
  chmod 700 "$dir"
  # A host UUID of its own: libvirt refuses to migrate to "the same host".
  cat > "$dir/etc/libvirtd.conf" <<CONF
listen_tls = 0
listen_tcp = 0
auth_unix_rw = "none"
unix_sock_dir = "$dir"
host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
CONF
  # Before libvirtd starts: it looks for hooks once.
  [ -z "$agent" ] || "$agent" install-hook --instance "${name#merlon-}" --hooks "$dir/etc/hooks" >/dev/null
  # No cgroups, no mounts per VM, no virtlogd: a lab must also run in a container without an init system.
  cat > "$dir/etc/qemu.conf" <<CONF
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
CONF
}

# Mounts of the machine made later (bpffs, say) still arrive; what is mounted here stays here.
libvirtd_apart() {
  setsid nsenter --net="/run/netns/$name" -- unshare --mount --propagation slave bash -c "
    set -e
    mount --bind $dir/run /run/libvirt
    mount --bind $dir/etc /etc/libvirt
    mount --bind $dir/var /var/lib/libvirt
    mount --bind $dir/log /var/log/libvirt
    mount --bind $cache /var/cache/libvirt
    exec libvirtd -f /etc/libvirt/libvirtd.conf --pid-file $dir/run/libvirtd.pid" > "$dir/libvirtd.log" 2>&1 < /dev/null &
  echo $! > "$dir/libvirtd.pid"
}

wait_for_libvirtd() {
  for _ in $(seq 150); do
    if in_host virsh -q -c "qemu+unix:///system?socket=$dir/libvirt-sock" uri >/dev/null 2>&1; then return; fi
    kill -0 "$(cat "$dir/libvirtd.pid")" 2>/dev/null || break
    sleep 0.2
  done
  echo "host.sh: the lab's libvirtd does not answer:" >&2; tail -5 "$dir/libvirtd.log" >&2
  exit 1
}

wire() { # OTHER
  ip -n "$name" link add wire0 type veth peer name wire0 netns "$1"
  for end in "$name" "$1"; do ip -n "$end" link set wire0 master br0 up; done
}

if [ "$verb" = wire ]; then wire "${3:?OTHER}"; exit; fi
down
[ "$verb" = up ] || exit 0
users; network; configure; libvirtd_apart; wait_for_libvirtd
