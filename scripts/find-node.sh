# Sourced, with $root set: puts a Node that is new enough first on PATH, or fails.
# 24, because the code uses `await using`, which no older Node parses; it also runs .ts files as they are.
NODE_MAJOR=24

node_is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$NODE_MAJOR" ] 2>/dev/null
}

find_node() {
  toolchain="$root/.toolchain/node_modules/.bin"
  if node_is_new_enough "$toolchain/node"; then
    PATH="$toolchain:$PATH"
  elif ! node_is_new_enough node; then
    return 1
  fi
  export PATH
}
