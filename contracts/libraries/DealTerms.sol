// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Deal} from "../types/Deal.sol";
import {Entry} from "../types/Entry.sol";
import {PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Matching} from "./Matching.sol";

/// @dev What a match learns of its asks. The dataset's four stay zero where there is none.
struct Asks {
    bytes32 appOrder;
    bytes32 datasetOrder;
    bytes32 poolOrder;
    address appOwner;
    address datasetOwner;
    address poolOwner;
    uint128 appPrice;
    uint128 datasetPrice;
    uint256 left; // tasks that can be taken from all of them
    bytes32 scarcest; // the order that has no more than these
}

using DealTerms for Asks global;

/// @title DealTerms
/// @notice From orders that agree to the deal, and to the money that it locks.
library DealTerms {
    /// @dev What a pool owner stakes on a task, in percent of the pool price.
    uint256 private constant POOL_STAKE_PERCENT = 30;

    /// @notice No more can be taken than `remaining` of this order.
    function limitTo(Asks memory asks, bytes32 orderHash, uint256 remaining) internal pure {
        if (remaining >= asks.left) return;
        (asks.left, asks.scarcest) = (remaining, orderHash);
    }

    /// @notice What these asks say of every deal that takes from them.
    function offerOf(PoolOrder calldata pool, Asks memory asks) internal view returns (Deal memory deal) {
        deal.pool = pool.pool;
        deal.appOwner = asks.appOwner;
        deal.datasetOwner = asks.datasetOwner;
        deal.poolOwner = asks.poolOwner;
        deal.appPrice = asks.appPrice;
        deal.datasetPrice = asks.datasetPrice;
        deal.poolPrice = pool.price;
        deal.poolStake = uint128((uint256(pool.price) * POOL_STAKE_PERCENT) / 100);
        deal.workerStake = uint128((uint256(pool.price) * pool.workerStake) / Matching.BPS);
        deal.schedulerShare = pool.schedulerShare;
        deal.lane = pool.lane;
        deal.openedAt = uint40(block.timestamp);
    }

    /// @notice Makes it the deal of this request; `grace` is the pool's.
    function fill(Deal memory deal, RequestOrder calldata request, bytes32 requestHash, uint16 grace) internal pure {
        deal.app = request.app;
        deal.dataset = request.dataset;
        deal.requester = request.requester;
        deal.payer = request.payer;
        deal.beneficiary = request.beneficiary;
        deal.callback = request.callback;
        deal.category = request.category;
        deal.maxWeight = request.maxWeight;
        deal.trust = request.trust;
        deal.volume = request.volume;
        deal.requirements = request.requirements;
        deal.paramsHash = request.paramsHash;
        deal.requestHash = requestHash;
        // A pool that could decline after computing could choose what the callback hears.
        deal.grace = request.callback == address(0) ? grace : 0;
    }

    /// @notice What the payer locks for all tasks of the deal.
    function price(Deal memory deal) internal pure returns (uint256) {
        return (uint256(deal.appPrice) + deal.datasetPrice + deal.poolPrice) * deal.volume;
    }

    /// @notice What the pool owner stakes on all tasks of the deal.
    function stake(Deal memory deal) internal pure returns (uint256) {
        return uint256(deal.poolStake) * deal.volume;
    }

    /// @notice Both as entries. The price must fit; the stake is never more.
    function locks(Deal memory deal) internal pure returns (Entry[] memory entries) {
        entries = new Entry[](2);
        (entries[0].account, entries[1].account) = (deal.payer, deal.poolOwner);
        entries[0].lock(int128(uint128(price(deal))));
        entries[1].lock(int128(uint128(stake(deal))));
    }
}
