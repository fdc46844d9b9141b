#!/bin/sh
# Inside the image, while it is made: starts every program once, as the user that docker-compose.yml runs it as, so that Node
# keeps what it has compiled. None is configured: each says so and ends.
set -u
as_root="setpriv --reuid=0"
as_user="setpriv --reuid=10001 --regid=10001 --clear-groups"
for program in market scheduler; do $as_user node "$program/main.ts" 2>/dev/null; done
$as_user node cli/compose/main.ts 2>/dev/null
$as_root node worker/main.ts 2>/dev/null
$as_root gridmill run --help >/dev/null
