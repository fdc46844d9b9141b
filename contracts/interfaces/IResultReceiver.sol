// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title IResultReceiver
/// @notice A contract that asked for a computation and hears its result.
/// @dev Anybody can open a deal that names any contract: accept only request hashes that you approved, each index once.
interface IResultReceiver {
    /// @notice Task `index` of the request gave `data`. Called by {Hub} with at most 200,000 gas, after all payments.
    /// @dev A call that fails changes nothing and is never repeated.
    function onResult(bytes32 requestHash, bytes32 dealId, uint32 index, bytes calldata data) external;
}
