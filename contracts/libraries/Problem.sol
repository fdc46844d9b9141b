// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Problem
/// @notice What is wrong with orders, as the encoded error that says so; empty where nothing is. A batch tells it, a
/// single match reverts with it.
library Problem {
    /// @notice A call to another contract of ours said nothing: it had too little gas.
    error MarketplaceOutOfGas();

    /// @dev Of an error that was caught: nothing would pass for no problem.
    function check(bytes memory problem) internal pure {
        if (problem.length == 0) revert MarketplaceOutOfGas();
    }

    function raise(bytes memory problem) internal pure {
        if (problem.length == 0) return;
        // Assembly, because Solidity cannot revert with an error that it did not encode itself.
        assembly ("memory-safe") {
            revert(add(problem, 0x20), mload(problem))
        }
    }
}
