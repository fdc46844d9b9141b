// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IResultReceiver} from "../interfaces/IResultReceiver.sol";

/// @title ReceiverMock
/// @notice A receiver of results that can be told to misbehave.
contract ReceiverMock is IResultReceiver {
    enum Mode {
        RECORD,
        REVERT,
        BURN_GAS,
        RETURN_BOMB,
        REVERT_BOMB,
        REENTER
    }

    /// @notice What was received, with the gas that came along.
    event Received(bytes32 requestHash, bytes32 dealId, uint32 index, bytes data, uint256 gasGiven);
    /// @notice How the re-entry went.
    event Reentered(bool succeeded, bytes4 problem);

    error ReceiverRefuses();
    error ReceiverCallFailed();

    Mode public mode;
    address private _target;
    bytes private _call;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// @notice Calls `target` when the next result comes.
    function reenter(address target, bytes calldata call_) external {
        mode = Mode.REENTER;
        _target = target;
        _call = call_;
    }

    /// @notice Lets the receiver act.
    function execute(address target, bytes calldata call_) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, ) = target.call(call_);
        if (!succeeded) revert ReceiverCallFailed();
    }

    /// @inheritdoc IResultReceiver
    function onResult(bytes32 requestHash, bytes32 dealId, uint32 index, bytes calldata data) external {
        emit Received(requestHash, dealId, index, data, gasleft());
        if (mode == Mode.REVERT) revert ReceiverRefuses();
        if (mode == Mode.BURN_GAS) _burnGas();
        if (mode == Mode.REENTER) _reenter();
        if (mode == Mode.RETURN_BOMB || mode == Mode.REVERT_BOMB) _bomb(mode == Mode.REVERT_BOMB);
    }

    function _reenter() private {
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, bytes memory answer) = _target.call(_call);
        emit Reentered(succeeded, bytes4(answer));
    }

    function _burnGas() private view {
        uint256 hash;
        while (true) hash = uint256(keccak256(abi.encode(hash, gasleft())));
    }

    /// @dev 128 KiB cost about 50,000 gas here, and would cost the caller as much again if it copied them.
    function _bomb(bool fails) private pure {
        assembly ("memory-safe") {
            switch fails
            case 0 {
                return(mload(0x40), 131072)
            }
            default {
                revert(mload(0x40), 131072)
            }
        }
    }
}
