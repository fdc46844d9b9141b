// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Categories
/// @notice How long a task may take on the reference machine.
library Categories {
    uint8 internal constant COUNT = 5;

    /// @notice There is no category `category`.
    error CategoryUnknown(uint8 category);

    /// @return Seconds on the reference machine.
    function timeOf(uint8 category) internal pure returns (uint256) {
        if (category >= COUNT) revert CategoryUnknown(category);
        return [uint256(300), 1200, 3600, 10_800, 36_000][category];
    }
}
