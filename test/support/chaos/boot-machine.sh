#!/bin/sh
# boot-machine.sh NODE REGISTRY SOCKET DOCKERD_ARGS...: the first process of an OwnMachine, whose end is its end. REGISTRY is
# reached at the address that it has outside, by a socket, since this machine's loopback is its own.
set -eu
node=$1 registry=$2 socket=$3
shift 3
ip link set lo up
"$node" "$(dirname "$0")/relay.ts" "tcp://$registry" "unix://$socket" &
exec dockerd "$@"
