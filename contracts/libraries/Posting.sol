// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "../interfaces/IEscrow.sol";

/// @title Posting
/// @notice The call of {IEscrow-post}, filled entry by entry where it lies, as `abi.encodeCall` has it. Assembly, because an
/// `Entry[]` is made entry by entry and then encoded field by field: with {Places} and the voters' room a twentieth of what a task
/// alone costs. The plain twin is in `Twins`.
library Posting {
    /// @dev Selector, offset and length.
    uint256 private constant HEAD_BYTES = 68;
    uint256 private constant ENTRY_BYTES = 96;

    /// @notice Room for so many entries, all of them zero.
    function room(uint256 capacity) internal pure returns (bytes memory call_) {
        bytes4 selector = IEscrow.post.selector;
        assembly ("memory-safe") {
            let size := add(HEAD_BYTES, mul(capacity, ENTRY_BYTES))
            call_ := mload(0x40)
            mstore(call_, size)
            // Behind the end of calldata everything is zero.
            calldatacopy(add(call_, 0x20), calldatasize(), size)
            // As Solidity does, up to a whole word.
            mstore(0x40, add(call_, and(add(size, 0x3f), not(0x1f))))
            mstore(add(call_, 0x20), selector)
            mstore(add(call_, 0x24), 0x20)
        }
    }

    /// @dev Of this and the next two: a place that there is room for.
    function accountAt(bytes memory call_, uint256 place) internal pure returns (address account) {
        assembly ("memory-safe") {
            account := mload(add(add(call_, 0x64), mul(place, 0x60)))
        }
    }

    function nameAt(bytes memory call_, uint256 place, address account) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(call_, 0x64), mul(place, 0x60)), shr(96, shl(96, account)))
        }
    }

    /// @param available What is added to the entry's; sums are of 128 bits.
    function addAt(bytes memory call_, uint256 place, int256 available, int256 locked) internal pure {
        assembly ("memory-safe") {
            let entry := add(add(call_, 0x64), mul(place, 0x60))
            mstore(add(entry, 0x20), add(mload(add(entry, 0x20)), available))
            mstore(add(entry, 0x40), add(mload(add(entry, 0x40)), locked))
        }
    }

    /// @notice Makes the call with the first `count` entries, and reverts as it does.
    function deliver(bytes memory call_, address escrow, uint256 count) internal {
        assembly ("memory-safe") {
            mstore(add(call_, 0x44), count)
            let size := add(HEAD_BYTES, mul(count, ENTRY_BYTES))
            if iszero(call(gas(), escrow, 0, add(call_, 0x20), size, 0, 0)) {
                let error := mload(0x40)
                returndatacopy(error, 0, returndatasize())
                revert(error, returndatasize())
            }
        }
    }
}
