// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Places
/// @notice Reads and writes places of an array in memory that the caller knows to be there. Assembly, because the compiler
/// compares at each of some 20 accesses a task, and clears with checks what it makes: with {Words} it makes up a tenth of what a
/// task costs. The plain twins are in `Twins`.
library Places {
    /// @notice An array of so many zeros; no more than fit a block.
    function room(uint256 count) internal pure returns (uint256[] memory words) {
        assembly ("memory-safe") {
            words := mload(0x40)
            mstore(words, count)
            let first := add(words, 0x20)
            let size := shl(5, count)
            // Behind the end of calldata everything is zero.
            calldatacopy(first, calldatasize(), size)
            mstore(0x40, add(first, size))
        }
    }

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
