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
