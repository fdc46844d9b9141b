#!/bin/sh
# Runs a command with the project's Node and its installed tools first on PATH: `sh scripts/with-node.sh mocha ...`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/find-node.sh"
if ! find_node; then
  echo "gridmill needs Node $NODE_MAJOR or newer and found none. Run: sh scripts/setup.sh" >&2
  exit 4
fi
PATH="$PATH:$root/node_modules/.bin"
# The cache of the command (see gridmill): tests start the same sources again and again.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/.cache/node}"
exec "$@"
