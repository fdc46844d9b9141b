// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Deal} from "../types/Deal.sol";
import {AppOrder, DatasetOrder, PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Matching} from "./Matching.sol";

/// @dev What a match learns of its asks. The dataset's two stay zero where there is none.
struct Asks {
    bytes32 appOrder;
    bytes32 datasetOrder;
    bytes32 poolOrder;
    address appOwner;
    address datasetOwner;
    address poolOwner;
    uint256 left; // tasks that can be taken from all of them
    bytes32 scarcest; // the order that has no more than these
}

using DealTerms for Asks global;

/// @title DealTerms
/// @notice From orders that agree to the deal, and to the money that it locks.
library DealTerms {
    /// @dev What a pool owner stakes on a task, in percent of the pool price.
    uint256 private constant POOL_STAKE_PERCENT = 30;
    /// @dev Of a deal: 26 words.
    uint256 private constant DEAL_BYTES = 832;

    /// @notice No more can be taken than `remaining` of this order.
    function limitTo(Asks memory asks, bytes32 orderHash, uint256 remaining) internal pure {
        if (remaining >= asks.left) return;
        (asks.left, asks.scarcest) = (remaining, orderHash);
    }

    /// @notice What these asks say of every deal that takes from them.
    function offerOf(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        Asks memory asks
    ) internal view returns (Deal memory deal) {
        deal.app = app.app;
        deal.pool = pool.pool;
        deal.appOwner = asks.appOwner;
        deal.poolOwner = asks.poolOwner;
        deal.appPrice = app.price;
        deal.poolPrice = pool.price;
        deal.poolStake = uint128((uint256(pool.price) * POOL_STAKE_PERCENT) / 100);
        deal.workerStake = uint128((uint256(pool.price) * pool.workerStake) / Matching.BPS);
        deal.schedulerShare = pool.schedulerShare;
        deal.lane = pool.lane;
        deal.category = pool.category;
        deal.openedAt = uint40(block.timestamp);
        if (asks.datasetOrder == 0) return deal;
        deal.dataset = dataset.dataset;
        deal.datasetOwner = asks.datasetOwner;
        deal.datasetPrice = dataset.price;
    }

    /// @notice Makes it the deal of this request, if the two agree; `grace` is the pool's.
    function fill(Deal memory deal, RequestOrder memory request, bytes32 requestHash, uint16 grace) internal pure {
        deal.requester = request.requester;
        deal.payer = request.payer;
        deal.beneficiary = request.beneficiary;
        deal.callback = request.callback;
        deal.maxWeight = request.maxWeight;
        deal.trust = request.trust;
        deal.volume = request.volume;
        deal.requirements = request.requirements;
        deal.paramsHash = request.paramsHash;
        deal.requestHash = requestHash;
        // A pool that could decline after computing could choose what the callback hears.
        deal.grace = request.callback == address(0) ? grace : 0;
    }

    /// @notice What the payer locks for one task.
    function taskPrice(Deal memory deal) internal pure returns (uint256) {
        return uint256(deal.appPrice) + deal.datasetPrice + deal.poolPrice;
    }

    /// @notice Emits {IMarketplace-DealOpened}.
    function announce(Deal memory deal, bytes32 dealId) internal {
        bytes32 topic = IMarketplace.DealOpened.selector;
        (uint256 pool, address requester) = (deal.pool, deal.requester);
        // Assembly, because `emit` would clean and copy word by word what lies there in the same form.
        assembly ("memory-safe") {
            log4(deal, DEAL_BYTES, topic, dealId, pool, requester)
        }
    }
}
