// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title WalletMock
/// @notice A contract wallet (ERC-1271) that can be told to misbehave.
contract WalletMock is IERC1271 {
    enum Mode {
        ACCEPT,
        REJECT,
        REVERT,
        BURN_GAS,
        RETURN_BOMB,
        SHORT_RETURN,
        DIRTY_RETURN
    }

    error WalletRefuses();
    error WalletCallFailed(bytes answer);

    Mode public mode;
    /// @notice The only signature accepted in mode ACCEPT.
    bytes public password;

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function setPassword(bytes calldata password_) external {
        password = password_;
    }

    /// @notice Lets the wallet act.
    function execute(address target, bytes calldata call) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, bytes memory answer) = target.call(call);
        if (!succeeded) revert WalletCallFailed(answer);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        if (mode == Mode.REVERT) revert WalletRefuses();
        if (mode == Mode.BURN_GAS) _burnGas();
        if (mode == Mode.RETURN_BOMB) _return(131_072, bytes32(IERC1271.isValidSignature.selector));
        if (mode == Mode.SHORT_RETURN) _return(4, bytes32(IERC1271.isValidSignature.selector));
        if (mode == Mode.DIRTY_RETURN) _return(32, bytes32(IERC1271.isValidSignature.selector) | bytes32(uint256(1)));
        bool accepted = mode == Mode.ACCEPT && keccak256(signature) == keccak256(password);
        return accepted ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _burnGas() private view {
        uint256 hash;
        while (true) hash = uint256(keccak256(abi.encode(hash, gasleft())));
    }

    function _return(uint256 length, bytes32 word) private pure {
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, word)
            return(at, length)
        }
    }
}
