#!/bin/sh
# Does what the Dockerfile does, without a container engine: a bare Debian 12 from debootstrap, the
# same files in the same places, the same script, and then a service as the same user. Needs root
# and some minutes; leaves nothing behind.
set -eu

ROOT=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
command -v debootstrap >/dev/null || { echo "mashang: install debootstrap first" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "mashang: a root of its own needs root" >&2; exit 1; }

BARE=$(mktemp -d)
chmod 755 "$BARE" # it becomes the root of somebody who is not root
trap 'rm -rf "$BARE"' EXIT
trap 'exit 1' HUP INT TERM

timeout 900 debootstrap --variant=minbase bookworm "$BARE"
cp /etc/resolv.conf "$BARE/etc/resolv.conf"
# Where this machine gets packages from, and whom it trusts, a container's build does as well.
for file in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/pip.conf /etc/xdg/pip \
	/usr/local/share/ca-certificates; do
	[ ! -e "$file" ] || { mkdir -p "$BARE${file%/*}" && cp -a "$file" "$BARE${file%/*}/"; }
done

# COPY
mkdir -p "$BARE/opt/mashang"
git -C "$ROOT" ls-files pyproject.toml requirements.lock requirements-dev.lock README.md deploy shared services |
	tar -C "$ROOT" -T - -cf - | tar -C "$BARE/opt/mashang" -xf -

# RUN
timeout 900 chroot "$BARE" sh /opt/mashang/deploy/compose/build.sh

# USER, ENV and a command: without any setting a service ends with a line for each that it lacks.
in_image() {
	chroot --userspec=10001:10001 "$BARE" env -i HOME=/tmp PYTHONDONTWRITEBYTECODE=1 \
		PATH=/opt/mashang/.venv/bin:/usr/bin:/bin \
		sh -c 'cd /opt/mashang && exec "$@"' sh timeout 60 "$@"
}
for service in intake verification rewards notifications scoring; do
	code=0
	in_image python -m "services.$service" 2>"$BARE/said" || code=$?
	grep -q "DATABASE_URL: field required" "$BARE/said" && [ "$code" = 2 ] ||
		{ cat "$BARE/said" >&2; exit 1; }
	echo "$service asks for its settings"
done
in_image python -m deploy.cluster rights | grep -c "kind:"
! in_image touch /opt/mashang/mine 2>/dev/null
du -sh "$BARE" | cut -f1
echo "the image is made, and its user can change nothing in it"
