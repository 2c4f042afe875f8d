#!/bin/sh
# The root file system of the image: one program, the libraries it names, CA roots, zones, and a user without rights.
# The Dockerfile and `cargo xtask rootfs` both run it, so what is tried without a container engine is what is shipped.
#   rootfs.sh BINARY FOLDER      FOLDER must not be there yet
set -eu
binary=$1 root=$2
[ ! -e "$root" ] || { echo "rootfs.sh: $root is there already" >&2; exit 1; }
mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/usr/share" "$root/home/palisade" "$root/proc" "$root/dev" \
    "$root/var/lib/palisade" "$root/run/secrets"
mkdir -m 1777 "$root/tmp"

strip -o "$root/usr/local/bin/palisade" "$binary"
# Each library stands where the loader looks for it. `linux-vdso` is the kernel's and no file.
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root${library%/*}"
    cp --dereference "$library" "$root$library"
done

cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
cp -r /usr/share/zoneinfo "$root/usr/share/zoneinfo"
echo 'palisade:x:65532:65532::/home/palisade:/nonexistent' > "$root/etc/passwd"
echo 'palisade:x:65532:' > "$root/etc/group"
# Without it names would not be looked up in /etc/hosts.
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
chmod 755 "$root"
# Whoever is no root tries it as it is; in the image the folder of work is the program's own.
[ "$(id -u)" != 0 ] || chown 65532:65532 "$root/home/palisade" "$root/var/lib/palisade"
