// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {AssetPricesLib} from "../types/AssetPrices.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {AppOrder, DatasetOrder, PoolOrder, RequestOrder} from "../types/Orders.sol";
import {PoolMoneyLib} from "../types/PoolMoney.sol";
import {TermsLib} from "../types/Terms.sol";
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
        deal.assetPrices = AssetPricesLib.pack(app.price, 0);
        uint256 price = pool.price;
        deal.poolMoney = PoolMoneyLib.pack(pool.price, uint128((price * POOL_STAKE_PERCENT) / 100));
        // Nobody has 96 bits of wei, so that no deal opens at a price of more.
        uint96 workerStake = uint96((price * pool.workerStake) / Matching.BPS);
        uint40 time = uint40(block.timestamp);
        deal.terms = TermsLib.offered(workerStake, pool.schedulerShare, pool.lane, pool.category, time);
        if (asks.datasetOrder == 0) return deal;
        deal.dataset = dataset.dataset;
        deal.datasetOwner = asks.datasetOwner;
        deal.assetPrices = AssetPricesLib.pack(app.price, dataset.price);
    }

    /// @notice Makes it the deal of this request, if the two agree; `grace` is the pool's.
    function fill(Deal memory deal, RequestOrder memory request, bytes32 requestHash, uint16 grace) internal pure {
        deal.requester = request.requester;
        deal.payer = request.payer;
        deal.beneficiary = request.beneficiary;
        deal.callback = request.callback;
        deal.requirements = request.requirements;
        deal.paramsHash = request.paramsHash;
        deal.requestHash = requestHash;
        // A pool that could decline after computing could choose what the callback hears.
        if (request.callback != address(0)) grace = 0;
        deal.terms = deal.terms.asked(grace, request.maxWeight, request.trust, request.volume);
    }

    /// @notice What the payer locks for one task.
    function taskPrice(Deal memory deal) internal pure returns (uint256) {
        return deal.assetPrices.app() + deal.assetPrices.dataset() + deal.poolMoney.price();
    }

    /// @notice Emits {IMarketplace-DealOpened}.
    function announce(Deal memory deal, bytes32 dealId) internal {
        bytes32 topic = IMarketplace.DealOpened.selector;
        (uint256 pool, address requester, uint256 size) = (deal.pool, deal.requester, DealLib.BYTES);
        // Assembly, because `emit` would clean and copy word by word what lies there in the same form.
        assembly ("memory-safe") {
            log4(deal, size, topic, dealId, pool, requester)
        }
    }
}
