#!/bin/sh
# The same sources and date give the same bytes: the RAM disk is made again, at another time, in another place and with
# another umask.
set -eu
if [ ! -f initrd.cpio ]; then
  echo "no RAM disk: configure found no cpio or no freestanding compiler"
  exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/same-bytes.XXXXXX")
trap 'rm -rf "$work"' EXIT

programs=$("$CPIO" -t --quiet < initrd.cpio | sed -n 's|^s*bin/\(.*\)|usr/bin/\1|p')
etc=
[ -z "$(ls "$srcdir/src/user/etc" 2> /dev/null)" ] || etc=$srcdir/src/user/etc
date=$(TZ=UTC "$CPIO" -tv --quiet < initrd.cpio | awk '{ print $(NF - 3), $(NF - 2), $(NF - 1) }' | sort -u)
[ "$(echo "$date" | wc -l)" -eq 1 ] || { echo "more than one date in the RAM disk:"; echo "$date"; exit 1; }
owner=$("$CPIO" -tvn --quiet < initrd.cpio | awk '{ print $3, $4 }' | sort -u)
[ "$owner" = "0 0" ] || { echo "owners in the RAM disk: $owner"; exit 1; }

(umask 077; STRIP=${STRIP:-strip} "$srcdir/build-aux/mkinitrd" "$work/again.cpio" "$work/stage" "$etc" $programs)
cmp initrd.cpio "$work/again.cpio"
