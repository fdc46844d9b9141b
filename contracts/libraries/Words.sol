// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Words
/// @notice Hashes of a few words, as `keccak256(abi.encode(...))` has them. Assembly, because encoding takes new memory at each
/// vote: with {Places} it makes up a tenth of what a task costs. The plain twins are in `Twins`.
library Words {
    function hash(bytes32 a, bytes32 b, bytes32 c) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, a)
            mstore(add(free, 0x20), b)
            mstore(add(free, 0x40), c)
            value := keccak256(free, 0x60)
        }
    }

    /// @notice Of six words.
    function hash(
        bytes32 a,
        bytes32 b,
        bytes32 c,
        bytes32 d,
        bytes32 e,
        bytes32 f
    ) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, a)
            mstore(add(free, 0x20), b)
            mstore(add(free, 0x40), c)
            mstore(add(free, 0x60), d)
            mstore(add(free, 0x80), e)
            mstore(add(free, 0xa0), f)
            value := keccak256(free, 0xc0)
        }
    }

    /// @notice Of all words, side by side.
    function hash(bytes32[] calldata words) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let size := shl(5, words.length)
            calldatacopy(free, words.offset, size)
            value := keccak256(free, size)
        }
    }

    /// @notice Of the first `count` words of the array, side by side.
    function hashOfFirst(uint256[] memory words, uint256 count) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := keccak256(add(words, 0x20), shl(5, count))
        }
    }

    function hash(bytes32 a, bytes32 b, bytes32 c, bytes32 d) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, a)
            mstore(add(free, 0x20), b)
            mstore(add(free, 0x40), c)
            mstore(add(free, 0x60), d)
            value := keccak256(free, 0x80)
        }
    }
}
