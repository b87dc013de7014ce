#!/bin/bash
# image.sh: prints the folder of Debian 12's own kernel made ready to boot (vmlinuz, initrd without its first
# program, modules/); makes it when it is not there.
# The kernel is the package linux-image-amd64 of Debian 12 (6.1), which need not be installed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${MERLON_CACHE:-/var/cache/merlon-lab}
# What the guest needs before it sees this machine's files, and what it can load afterwards.
early='virtio|virtio_ring|virtio_pci|virtio_pci_legacy_dev|virtio_pci_modern_dev|9pnet|9pnet_virtio|9p|netfs|fscache|overlay'
later='kernel/(net|lib|crypto|arch/x86/crypto|drivers/net/[^/]*\.ko)'

for tool in busybox cpio depmod apt-get dpkg; do
  command -v $tool >/dev/null || { echo "image.sh: $tool is missing: ./dev setup" >&2; exit 1; }
done
package=$(apt-cache depends linux-image-amd64 2>/dev/null | grep -oE 'linux-image-6\.1\.[0-9][^ ]*' | head -1 || true)
[ -n "$package" ] || { echo "image.sh: the package lists have no 6.1 linux-image-amd64: Debian 12's lists, apt-get update" >&2; exit 1; }
key=$({ apt-cache show "$package" | grep -E '^(Package|Version):'; cat "$here/image.sh" /bin/busybox; } | sha256sum | cut -c1-16)
image=$cache/kernel61-$key
if [ ! -e "$image" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.kernel61-XXXXXX"); trap 'rm -rf "$work"' EXIT
  cd "$work"
  echo "kernel61: downloading $package" >&2
  apt-get -o APT::Sandbox::User=root -qq download "$package" >&2
  dpkg -x "$package"_*.deb root
  version=$(ls root/lib/modules)
  mkdir -p made/modules/"$version" tree/{bin,proc,sys,dev,host,write,new} tree/lib/modules/"$version"
  pick() { # PATTERN TARGET
    ( cd root/lib/modules/"$version"
      find kernel -name '*.ko' | grep -E "$1" | cpio -pdm --quiet "$work/$2/$version"
      cp modules.builtin modules.order "$work/$2/$version/" )
  }
  pick "^$later" made/modules
  pick "/($early)\.ko$" tree/lib/modules
  depmod -b tree "$version" 2>/dev/null
  # depmod wants the modules under lib/modules.
  mkdir -p whole/lib; ln -s "$work/made/modules" whole/lib/modules; depmod -b whole "$version" 2>/dev/null
  cp /bin/busybox tree/bin/
  ( cd tree && find . | cpio -o -H newc --quiet ) > made/initrd
  cp root/boot/vmlinuz-* made/vmlinuz
  chmod 755 made
  rm -rf "$cache"/kernel61-* # of older versions
  mv -T made "$image" 2>/dev/null || [ -e "$image" ]
fi
echo "$image"
