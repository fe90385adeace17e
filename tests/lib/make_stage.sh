#!/bin/bash
# make_stage.sh PG_CONFIG DIR: copies the installed server (programs, modules, shared files) into
# DIR with its absolute paths kept below it. PostgreSQL finds its own files relative to the
# executable, so the copy runs from wherever it stands, and `make install DESTDIR=DIR` adds this
# extension to it without touching the system's server. Copies only when the server changed.
set -euo pipefail

pg_config=$1
dir=$2

if ! bindir=$("$pg_config" --bindir 2>/dev/null); then
    echo "make_stage: $pg_config does not run; \"make deps\" installs it, or set PG_CONFIG" >&2
    exit 2
fi
pkglibdir=$("$pg_config" --pkglibdir)
sharedir=$("$pg_config" --sharedir)
if [ ! -x "$bindir/postgres" ]; then
    echo "make_stage: no server in $bindir; \"make deps\" installs it, or set PG_CONFIG to a server's pg_config" >&2
    exit 2
fi

# The executables' times tell an upgraded package of the same version apart, the directory's another extension.
wanted="$("$bindir/postgres" --version) $bindir $pkglibdir $sharedir $(stat -c %Y "$bindir/postgres" "$bindir/psql" "$sharedir/extension" | tr '\n' ' ')"
if [ -f "$dir/.stage" ] && [ "$(cat "$dir/.stage")" = "$wanted" ]; then
    exit 0
fi

rm -rf "$dir"
mkdir -p "$dir"
# Real files, not links: the server resolves symbolic links before it looks for its own files.
for part in "$bindir" "$pkglibdir" "$sharedir"; do
    mkdir -p "$dir$part"
    tar -C "$part" --dereference --exclude=./bitcode --exclude=./pgxs --exclude=./man \
        --exclude='./extension/lakemover*' --exclude=./lakemover.so -cf - . | tar -C "$dir$part" -xf -
done
chmod -R u+w,a+rX "$dir"
echo "$wanted" > "$dir/.stage"
