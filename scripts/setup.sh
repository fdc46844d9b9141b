#!/bin/sh
# Makes a bare machine ready for `npm test` and `npm run demo`: Node, npm packages, Debian packages, compiled contracts.
# Says nothing and takes a moment when there is nothing to do; safe to run at any time. With `--without-contracts` it leaves
# them out: `npm test` compiles them beside tests that need none.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/find-node.sh

# What must be there = the Debian package that brings it; a path may be a pattern.
NEEDS='redis-server=redis-server dockerd=docker.io docker-registry=docker-registry debootstrap=debootstrap
mkfs.ext4=e2fsprogs losetup=mount docker-compose=docker-compose
ip=iproute2 iptables=iptables busybox=busybox-static /usr/lib/postgresql/*/bin/postgres=postgresql'
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # where some of these live; not on an ordinary user's PATH

say() { printf 'setup: %s\n' "$*" >&2; }

has() {
  case $1 in
    */*) for file in $1; do [ -e "$file" ] && return 0; done; return 1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

may_install() {
  command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
}

# The package lists are fetched only when what is known does not suffice.
install_packages() {
  say "installing Debian packages: $*"
  apt_install "$@" || { as_root apt-get update -q >&2 && apt_install "$@"; }
}

# An engine that is there already, here or elsewhere, makes Debian's unnecessary: two of them would conflict.
has_docker() {
  [ -n "${DOCKER_HOST:-}" ] || [ -S /var/run/docker.sock ]
}

missing_packages() {
  for need in $NEEDS; do
    [ "$need" = dockerd=docker.io ] && has_docker && continue
    has "${need%%=*}" || printf '%s ' "${need#*=}"
  done
}

ensure_node() {
  find_node && return
  if ! has npm; then
    may_install || { say "there is no npm, and this user may not install one. Run: sudo apt-get install nodejs npm ca-certificates"; exit 1; }
    install_packages nodejs npm ca-certificates # Debian's Node trusts what the last of them brings
  fi
  say "bringing Node $NODE_MAJOR into .toolchain"
  # npm comes along: an older npm, or npm under an older Node, leaves out packages that ask for a newer Node
  npm install --prefix .toolchain --ignore-scripts=false --no-audit --no-fund "node@$NODE_MAJOR" npm@11 >&2
  find_node || { say "npm brought no Node $NODE_MAJOR that runs here ($(uname -sm))"; exit 1; }
}

npm_packages_are_current() {
  installed=node_modules/.package-lock.json # npm writes it last
  [ -f "$installed" ] || return 1
  [ -z "$(find package-lock.json -newer "$installed")" ] || return 1
  has "./node_modules/@nomicfoundation/edr-*/*.node" # absent when npm ran under an old Node
}

ensure_npm_packages() {
  npm_packages_are_current && return
  say "installing npm packages"
  npm ci >&2
}

ensure_debian_packages() {
  packages=$(missing_packages)
  [ -n "$packages" ] || return 0
  if may_install; then
    # shellcheck disable=SC2086
    install_packages $packages
  else
    say "some packages are missing, and this user may not install them. Run: sudo apt-get install -y $packages"
    exit 1
  fi
}

sources_sum() {
  find contracts hardhat.config.ts package-lock.json -type f | LC_ALL=C sort | xargs cat | cksum
}

ensure_contracts() {
  stamp=.cache/setup/contracts
  [ -d artifacts ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(sources_sum)" ] && return
  say "compiling the contracts (a minute or so the first time)"
  npm run compile >&2
  mkdir -p "${stamp%/*}"
  sources_sum >"$stamp"
}

ensure_node
ensure_npm_packages
ensure_debian_packages
[ "${1:-}" = --without-contracts ] || ensure_contracts
