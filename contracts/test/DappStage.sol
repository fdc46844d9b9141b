// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarket} from "../dapp/IMarket.sol";
import {ResultConsumer} from "../dapp/ResultConsumer.sol";
import {MarketStub} from "../mocks/MarketStub.sol";
import {RequestOrder} from "../types/Orders.sol";
import {Test, Vm} from "./Test.sol";

/// @title DappStage
/// @notice What a contract that asks for computations deals with: reads what it asked for, and answers as the hub does.
/// The real marketplace and hub are in `test/contracts/dapp.test.ts`.
abstract contract DappStage is Test {
    /// @dev When the tests begin. A time read before `vm.warp` is no constant to the optimiser.
    uint40 internal constant START = 1_800_000_000;
    uint128 internal constant POOL_PRICE = 10 ether;
    uint256 internal constant CALLBACK_GAS = 200_000;
    address internal constant STRANGER = address(0xBAD);

    MarketStub internal stub;
    IMarket internal market;
    address internal hub;

    constructor() {
        vm.warp(START);
        stub = MarketStub(deploy("MarketStub", ""));
        market = IMarket(address(stub));
        hub = stub.hub();
    }

    /// @dev The request in the logs since `vm.recordLogs`; it is approved, and names its params.
    function _asked() internal returns (RequestOrder memory order, string memory params) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ResultConsumer.ComputationAsked.selector) continue;
            (order, params) = abi.decode(logs[i].data, (RequestOrder, string));
            assertTrue(order.paramsHash == keccak256(bytes(params)), "other params");
            assertTrue(logs[i].topics[1] == stub.hashRequestOrder(order), "another hash");
            assertTrue(stub.isApproved(logs[i].emitter, logs[i].topics[1]), "not approved");
            return (order, params);
        }
        assertTrue(false, "nothing was asked for");
    }

    /// @dev Calls `consumer` as the hub does, with the gas that the hub gives.
    function _answer(ResultConsumer consumer, bytes32 requestHash, bytes memory data) internal {
        vm.prank(hub);
        consumer.onResult{gas: CALLBACK_GAS}(requestHash, keccak256("deal"), 0, data);
    }

    function _fund(address to, uint256 amount) internal {
        // solhint-disable-next-line avoid-low-level-calls
        (bool paid, ) = to.call{value: amount}("");
        assertTrue(paid, "not funded");
    }

    function _expectRefused(address caller, address target, bytes memory call, bytes4 problem) internal {
        _expectRefused(caller, target, 0, call, problem);
    }

    function _expectRefused(address caller, address target, uint256 value, bytes memory call, bytes4 problem) internal {
        vm.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, bytes memory answer) = target.call{value: value}(call);
        assertTrue(!succeeded, "was not refused");
        assertTrue(bytes4(answer) == problem, "was refused for another reason");
    }
}
