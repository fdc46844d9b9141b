// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ResultConsumer} from "../dapp/ResultConsumer.sol";
import {CapabilitiesLib} from "../types/Capabilities.sol";
import {
    AppOrder,
    PoolOrder,
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "../types/Orders.sol";
import {Vm} from "./Test.sol";
import {World} from "./World.sol";

/// @title DappWorld
/// @notice A {World} in which contracts ask for computations: reads what they asked for, matches it, and answers as the
/// hub does.
abstract contract DappWorld is World {
    /// @dev When a {World} begins. A time read before `vm.warp` is no constant to the optimiser.
    uint40 internal constant START = 1_800_000_000;
    uint128 internal constant POOL_PRICE = 10 ether;
    uint256 internal constant CALLBACK_GAS = 200_000;
    address internal constant STRANGER = address(0xBAD);

    /// @dev The request in the logs since `vm.recordLogs`.
    function _asked() internal returns (RequestOrder memory order, string memory params) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ResultConsumer.ComputationAsked.selector) continue;
            return abi.decode(logs[i].data, (RequestOrder, string));
        }
        assertTrue(false, "nothing was asked for");
    }

    /// @dev Opens a deal for a request that its contract has approved.
    function _match(RequestOrder memory request) internal {
        AppOrder memory app;
        app.app = request.app;
        (app.volume, app.expiry) = (type(uint256).max, type(uint40).max);
        PoolOrder memory pool;
        (pool.pool, pool.price, pool.maxTrust) = (1, POOL_PRICE, type(uint32).max);
        (pool.volume, pool.expiry) = (type(uint256).max, type(uint40).max);
        pool.capabilities = bytes32(uint256(CapabilitiesLib.CALLBACK));
        vm.prank(APP_OWNER);
        marketplace.approveAppOrder(app);
        vm.prank(POOL_OWNER);
        marketplace.approvePoolOrder(pool);
        SignedDatasetOrder memory none;
        vm.prank(STRANGER);
        marketplace.matchOrders(
            SignedAppOrder(app, ""),
            none,
            SignedPoolOrder(pool, ""),
            SignedRequestOrder(request, "")
        );
    }

    /// @dev Calls `consumer` as the hub does, with the gas that the hub gives.
    function _answer(ResultConsumer consumer, bytes32 requestHash, bytes memory data) internal {
        vm.prank(address(hub));
        consumer.onResult{gas: CALLBACK_GAS}(requestHash, keccak256("deal"), 0, data);
    }

    function _expectRefused(address caller, address target, bytes memory call, bytes4 problem) internal {
        vm.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool succeeded, bytes memory answer) = target.call(call);
        assertTrue(!succeeded, "was not refused");
        assertTrue(bytes4(answer) == problem, "was refused for another reason");
    }
}
