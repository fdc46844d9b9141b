// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IHub} from "../interfaces/IHub.sol";
import {IResultReceiver} from "../interfaces/IResultReceiver.sol";
import {Deal} from "../types/Deal.sol";
import {DueCallback, Round} from "../types/Round.sol";

/// @title Callbacks
/// @notice Hands results to the contracts that asked for them, without letting them do harm.
library Callbacks {
    uint256 internal constant CALL_GAS = 200_000;
    /// @dev A call gets at most 63/64 of what is left, so that much must be there, and something to prepare it.
    uint256 internal constant GAS_WANTED = (CALL_GAS * 64) / 63 + 30_000;
    uint256 internal constant MAX_BYTES = 4096;
    bytes5 private constant FAILURE_PREFIX = "fail ";

    /// @notice Too little gas is left to give a callback its full share.
    error HubCallbackGas(uint256 left, uint256 wanted);

    /// @notice Whether `data` is a result whose digest this is.
    function isResult(bytes calldata data, bytes32 digest) internal pure returns (bool) {
        return keccak256(abi.encodePacked("gridmill.callback", data)) == digest;
    }

    /// @notice Whether `data` is the text of a failure whose digest this is. Its first word keeps a result, prefix and
    /// all, from being passed off as one.
    function isFailure(bytes calldata data, bytes32 digest) internal pure returns (bool) {
        return data.length >= 5 && bytes5(data[:5]) == FAILURE_PREFIX && keccak256(data) == digest;
    }

    /// @notice Makes the calls that are due, in task order.
    /// @dev Comes last: whatever a receiver does, this call has nothing more to read or write.
    function run(Round memory round, Deal[] calldata deals, bytes[] calldata preimages) internal {
        for (uint256 i; i < round.callbackCount; ++i) {
            DueCallback memory due = round.callbacks[i];
            if (!_call(due, deals[due.deal], preimages[due.data])) emit IHub.CallbackFailed(due.dealId, due.index);
        }
    }

    function _call(DueCallback memory due, Deal calldata deal, bytes calldata data) private returns (bool) {
        if (data.length > MAX_BYTES || deal.callback.code.length == 0) return false;
        if (gasleft() < GAS_WANTED) revert HubCallbackGas(gasleft(), GAS_WANTED);
        // Nothing is decoded on either way out, so nothing that the receiver returns is copied.
        try IResultReceiver(deal.callback).onResult{gas: CALL_GAS}(deal.requestHash, due.dealId, due.index, data) {
            return true;
        } catch {
            return false;
        }
    }
}
