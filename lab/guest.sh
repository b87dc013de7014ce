#!/bin/bash
# Builds the lab's guest, a kernel and an initramfs with busybox and the probe, from Debian packages.
#   guest.sh OUT      writes OUT/vmlinuz and OUT/initrd
#   guest.sh --key    prints the name of what it would build: a hash of everything that goes in
# The kernel command line gives the guest its identity: vmname=NAME vmaddr=ADDR/LENGTH[,ADDR/LENGTH...]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
modules='virtio|virtio_ring|virtio_pci|virtio_pci_legacy_dev|virtio_pci_modern_dev|failover|net_failover|virtio_net|virtio_console'

for tool in busybox gcc cpio depmod apt-get; do
  command -v $tool >/dev/null || { echo "guest.sh: $tool is missing: apt-get install busybox-static gcc libc6-dev cpio kmod" >&2; exit 1; }
done
package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | grep -oE 'linux-image-[0-9][^ ]*' | head -1 || true)
[ -n "$package" ] || { echo "guest.sh: no linux-image-cloud-amd64 in the package lists: apt-get update" >&2; exit 1; }
if [ "${1:-}" = --key ]; then
  { apt-cache show "$package" | grep -E '^(Package|Version):'; cat "$here"/guest.sh "$here"/probe/* /bin/busybox; } | sha256sum | cut -c1-16
  exit
fi

out=${1:?usage: guest.sh OUT}; mkdir -p "$out"; out=$(cd "$out" && pwd)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
echo "guest: downloading $package" >&2
apt-get -o APT::Sandbox::User=root -qq download "$package" >&2
dpkg -x "$package"_*.deb root
version=$(ls root/lib/modules)
tree=$work/tree
mkdir -p "$tree"/{bin,proc,sys,dev,etc} "$tree/lib/modules/$version"

echo "guest: compiling the probe" >&2
gcc -static -O2 -s -Wall -Wextra -Werror -std=gnu17 -D_GNU_SOURCE -o "$tree/bin/probe" "$here"/probe/*.c
cp /bin/busybox "$tree/bin/"
( cd "root/lib/modules/$version"
  find . -name '*.ko' | grep -E "/($modules)\.ko$" | cpio -pdm --quiet "$tree/lib/modules/$version"
  cp modules.builtin modules.order "$tree/lib/modules/$version/" )
depmod -b "$tree" "$version" 2>/dev/null

cat > "$tree/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
modprobe -a virtio_pci virtio_net virtio_console
value() { sed -n "s/.*$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
hostname "$(value vmname)"
cd /proc/sys/net/ipv6/conf
for where in all default eth0; do
  echo 0 > $where/accept_dad; echo 0 > $where/router_solicitations; echo 0 > $where/accept_ra
  echo 10 > $where/mldv2_unsolicited_report_interval # a new address's group is told at once, not some time later
done
ip link set lo up; ip link set eth0 up
for address in $(value vmaddr | tr , ' '); do ip addr add "$address" dev eth0; done
# Four virtio-serial ports: so many clients of the probe at a time. They appear when the host's side is set up.
while ! ls /dev/vport*p4 >/dev/null 2>&1; do usleep 20000; done
probe /dev/vport*p* -- 22 80 443 5432 7000 &
cd /
echo "GUEST-UP $(hostname) $(cut -d' ' -f1 /proc/uptime)"
while true; do setsid cttyhack sh; done
INIT
chmod +x "$tree/init"
( cd "$tree" && find . | cpio -o -H newc --quiet ) > "$out/initrd"
cp root/boot/vmlinuz-* "$out/vmlinuz"
