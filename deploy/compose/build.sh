#!/bin/sh
# Makes the image out of a bare Debian 12: the Dockerfile calls it, and `make image` in a root that
# debootstrap made. It stands in the tree that it installs; services run as user 10001, who can
# write nowhere but in /tmp and where photos lie.
set -eu

ROOT=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
export DEBIAN_FRONTEND=noninteractive

apt-get update -q
apt-get install -q -y --no-install-recommends ca-certificates python3 python3-venv tzdata

PIP_NO_CACHE_DIR=1 MASHANG_VENV="$ROOT/.venv" python3 "$ROOT/deploy/local/bootstrap.py"
"$ROOT/.venv/bin/python" -m compileall -q "$ROOT/services" "$ROOT/shared" "$ROOT/deploy"

groupadd --gid 10001 mashang
useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin mashang
install -d -o 10001 -g 10001 -m 700 /var/lib/mashang/photos

rm -rf /var/lib/apt/lists/*
"$ROOT/.venv/bin/mashang" policy check "$ROOT/deploy/policy.toml"
