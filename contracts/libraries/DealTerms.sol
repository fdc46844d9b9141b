// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Deal} from "../types/Deal.sol";
import {Entry} from "../types/Entry.sol";
import {PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Matching} from "./Matching.sol";

/// @dev What a match learns of its asks. The dataset's three stay zero where there is none.
struct Asks {
    bytes32 appOrder;
    bytes32 datasetOrder;
    bytes32 poolOrder;
    address appOwner;
    address datasetOwner;
    address poolOwner;
    uint128 appPrice;
    uint128 datasetPrice;
}

/// @title DealTerms
/// @notice From orders that agree to the deal, and to the money that it locks.
library DealTerms {
    /// @dev What a pool owner stakes on a task, in percent of the pool price.
    uint256 private constant POOL_STAKE_PERCENT = 30;

    function dealOf(
        PoolOrder calldata pool,
        RequestOrder calldata request,
        Asks memory asks,
        bytes32 requestHash
    ) internal view returns (Deal memory deal) {
        deal.appOwner = asks.appOwner;
        deal.datasetOwner = asks.datasetOwner;
        deal.poolOwner = asks.poolOwner;
        deal.appPrice = asks.appPrice;
        deal.datasetPrice = asks.datasetPrice;
        deal.requestHash = requestHash;
        deal.openedAt = uint40(block.timestamp);
        _copyPool(deal, pool);
        _copyRequest(deal, request);
    }

    /// @notice The payer's price and the pool owner's stake, for all tasks of the deal.
    function locksOf(Deal memory deal) internal pure returns (Entry[] memory entries) {
        uint256 price = (uint256(deal.appPrice) + deal.datasetPrice + deal.poolPrice) * deal.volume;
        int128 paid = _toEntry(price);
        int128 staked = _toEntry(uint256(deal.poolStake) * deal.volume);
        entries = new Entry[](2);
        entries[0] = Entry({account: deal.payer, available: -paid, locked: paid});
        entries[1] = Entry({account: deal.poolOwner, available: -staked, locked: staked});
    }

    function _copyPool(Deal memory deal, PoolOrder calldata pool) private pure {
        deal.pool = pool.pool;
        deal.poolPrice = pool.price;
        deal.poolStake = uint128((uint256(pool.price) * POOL_STAKE_PERCENT) / 100);
        deal.workerStake = uint128((uint256(pool.price) * pool.workerStake) / Matching.BPS);
        deal.schedulerShare = pool.schedulerShare;
        deal.grace = pool.grace;
        deal.lane = pool.lane;
    }

    function _copyRequest(Deal memory deal, RequestOrder calldata request) private pure {
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
        // A pool that could decline after computing could choose what the callback hears.
        if (request.callback != address(0)) deal.grace = 0;
    }

    function _toEntry(uint256 amount) private pure returns (int128) {
        if (amount > uint256(uint128(type(int128).max))) revert IMarketplace.MarketplaceAmountTooLarge(amount);
        return int128(uint128(amount));
    }
}
