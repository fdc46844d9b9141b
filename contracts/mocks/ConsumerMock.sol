// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarket} from "../dapp/IMarket.sol";
import {Computation, ResultConsumer} from "../dapp/ResultConsumer.sol";

/// @title ConsumerMock
/// @notice A {ResultConsumer} that lets anybody ask, keeps the last answer, and can be told to fail at it.
contract ConsumerMock is ResultConsumer {
    enum Mode {
        KEEP,
        REVERT,
        BURN_GAS,
        ASK_AGAIN
    }

    error ConsumerRefuses();

    Mode public mode;
    bytes public last;
    uint256 public used;

    constructor(IMarket marketplace_) ResultConsumer(marketplace_) {}

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function ask(Computation calldata wanted, string calldata params, uint40 patience) external returns (bytes32) {
        return _ask(wanted, params, patience);
    }

    function withdraw(address to, uint128 amount) external {
        _withdraw(to, amount);
    }

    /// @inheritdoc ResultConsumer
    function _useAnswer(bytes32 requestHash, uint32 index, bytes calldata data) internal override {
        last = data;
        ++used;
        if (mode == Mode.REVERT) revert ConsumerRefuses();
        if (mode == Mode.BURN_GAS) _burnGas();
        if (mode == Mode.ASK_AGAIN) this.onResult(requestHash, 0, index, data);
    }

    function _burnGas() private view {
        uint256 hash;
        while (true) hash = uint256(keccak256(abi.encode(hash, gasleft())));
    }
}
