// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {OrdersLib, RequestOrder} from "../types/Orders.sol";

/// @title MarketStub
/// @notice As much of marketplace and escrow as a contract that asks for computations touches; it is both.
contract MarketStub {
    /// @notice Who may bring answers.
    address public constant hub = address(0x4B);

    /// @notice What was approved last, and by whom.
    mapping(address signer => mapping(bytes32 orderHash => bool)) public isApproved;
    /// @notice What was withdrawn.
    mapping(address account => mapping(address to => uint256)) public withdrawn;

    function approveRequestOrder(RequestOrder calldata order) external {
        isApproved[msg.sender][hashRequestOrder(order)] = true;
    }

    function withdrawTo(address to, uint128 amount) external {
        withdrawn[msg.sender][to] += amount;
    }

    function escrow() external view returns (address) {
        return address(this);
    }

    function hashRequestOrder(RequestOrder calldata order) public pure returns (bytes32) {
        return OrdersLib.structHash(order);
    }
}
