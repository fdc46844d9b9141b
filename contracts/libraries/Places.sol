// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Places
/// @notice Reads and writes places of an array in memory that the caller knows to be there. Assembly, because the compiler
/// compares at each of some 20 accesses a task: with {Words} it makes up a tenth of what a task costs. The plain twins are in
/// `Twins`.
library Places {
    function at(uint256[] memory words, uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(words, 0x20), shl(5, place)))
        }
    }

    function put(uint256[] memory words, uint256 place, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 0x20), shl(5, place)), word)
        }
    }
}
