#!/bin/sh
# Runs the program in a root file system as the image would: read-only, as a user without rights, without capabilities, in
# process and mount namespaces of its own. Needs root, and no container engine.
#   try.sh FOLDER ARGUMENT...    for example: try.sh target/rootfs demo
set -eu
root=$1
shift
# The network stays: what is scanned here are servers on loopback.
exec unshare --mount --pid --fork --propagation private sh -eu -c '
    root=$1
    shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -o remount,bind,ro "$root"
    ! touch "$root/written" 2> /dev/null || { echo "try.sh: the root can be written to" >&2; exit 1; }
    exec setpriv --no-new-privs env -i PATH="$PATH" HOME=/home/palisade \
        SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt AWS_EC2_METADATA_DISABLED=true \
        AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID-}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY-}" \
        AWS_REGION="${AWS_REGION-}" \
        chroot --userspec=65532:65532 --groups=65532 "$root" /usr/local/bin/palisade "$@"
' sh "$(cd "$root" && pwd)" "$@"
