// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {HubMoves} from "./HubMoves.sol";

/// @title Cheats
/// @notice What must not work: it is refused with the error that names it, and nothing else changes.
abstract contract Cheats is HubMoves {
    error CheatWorked(bytes4 expected);
    error CheatRefusedOtherwise(bytes4 expected, bytes answer);
    error CheatLeftTraces(bytes4 expected);

    function _refused(address caller, address target, bytes memory call, bytes4 problem) internal {
        bytes32 before = _fingerprint();
        vm.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool worked, bytes memory answer) = target.call(call);
        if (worked) revert CheatWorked(problem);
        if (bytes4(answer) != problem) revert CheatRefusedOtherwise(problem, answer);
        if (_fingerprint() != before) revert CheatLeftTraces(problem);
    }

    /// @dev All balances, bonds and epochs.
    function _fingerprint() private view returns (bytes32 print) {
        address[] memory all = accounts();
        print = keccak256(abi.encode(escrow.pendingBurn(), token.balanceOf(address(escrow))));
        for (uint256 i; i < all.length; ++i) {
            (uint128 available, uint128 locked) = escrow.balanceOf(all[i]);
            (uint96 bonded, uint96 unbonding, uint40 readyAt, uint24 score) = hub.workerOf(all[i]);
            print = keccak256(abi.encode(print, available, locked, bonded, unbonding, readyAt, score));
        }
        for (uint8 lane; lane < LANES; ++lane) {
            (bytes32 jointHash, uint64 epoch, uint40 sealedAt, bool settled) = hub.epochOf(1, lane);
            print = keccak256(abi.encode(print, jointHash, epoch, sealedAt, settled));
        }
    }
}
