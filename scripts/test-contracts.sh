#!/bin/sh
# Contract tests: mocha on Hardhat's chain, then the Solidity runner. `--full` is the long form of the property tests.
set -eu
cd "$(dirname "$0")/.."
case " $* " in *" --full "*) export GRIDMILL_FULL=1 ;; esac
status=0
hardhat test mocha test/contracts/*.test.ts || status=$?
hardhat test solidity || status=$?
exit $status
