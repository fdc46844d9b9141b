#!/bin/sh
# Makes the images of docker-compose.yml from this checkout: gridmill/gridmill (market, scheduler, worker, command, chain) and
# gridmill/stores (Redis, PostgreSQL, image registry). Linux only: the image gets this machine's Node and packages.
# BASE names another base image than debian:bookworm-slim; where that one cannot be pulled, one is made of Debian's packages.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. scripts/find-node.sh
find_node || { echo "Run first: sh scripts/setup.sh" >&2; exit 4; }
stage=.cache/image

# npm runs outside: the packages change seldom, and an image layer cannot keep npm's cache.
ensure_packages() {
  wanted="$(node --version) $(cat package.json package-lock.json | cksum)"
  [ "$(cat "$stage/stamp" 2>/dev/null)" = "$wanted" ] && return
  rm -rf "$stage"
  mkdir -p "$stage"
  cp package.json package-lock.json .npmrc "$stage"
  (cd "$stage" && npm ci --omit=dev >&2)
  # What no program reads: types, maps, documents, and the sources of contracts that are compiled already.
  rm -rf "$stage/node_modules/@openzeppelin" "$stage/node_modules/@types"
  find "$stage/node_modules" -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -iname 'readme*' \
    -o -iname 'changelog*' \) -delete
  cp "$(node -p process.execPath)" "$stage/node"
  echo "$wanted" >"$stage/stamp"
}

ensure_packages
GRIDMILL_BASE=${BASE:-$(node cli/images/name-base.ts)}
export GRIDMILL_BASE
docker-compose --profile build build "$@" gridmill-image stores-image
