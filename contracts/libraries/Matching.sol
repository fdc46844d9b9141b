// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Capabilities, CapabilitiesLib} from "../types/Capabilities.sol";
import {AppOrder, DatasetOrder, PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Categories} from "./Categories.sol";

/// @title Matching
/// @notice Whether the terms of four orders agree. Signatures, volumes and money are {Marketplace}'s.
library Matching {
    uint16 internal constant BPS = 10_000;
    uint16 internal constant MAX_GRACE = 7200;
    uint32 internal constant MIN_TRUST = 2;
    uint8 internal constant MIN_MAX_WEIGHT = 2;
    uint8 internal constant MAX_MAX_WEIGHT = 127;

    /// @notice The request is one that can be served at all.
    function checkRequest(RequestOrder calldata request) internal pure {
        if (request.volume == 0) revert IMarketplace.MarketplaceZeroVolume();
        if (request.trust < MIN_TRUST) revert IMarketplace.MarketplaceTrustTooLow(request.trust);
        if (request.maxWeight < MIN_MAX_WEIGHT || request.maxWeight > MAX_MAX_WEIGHT) {
            revert IMarketplace.MarketplaceMaxWeightOutOfRange(request.maxWeight);
        }
        if (request.category >= Categories.COUNT) revert Categories.CategoryUnknown(request.category);
        // Paying for somebody else comes with allowances.
        if (request.payer != request.requester) {
            revert IMarketplace.MarketplacePayerNotRequester(request.payer, request.requester);
        }
    }

    function checkApp(AppOrder calldata app, RequestOrder calldata request, uint256 pool) internal pure {
        if (app.app != request.app) revert IMarketplace.MarketplaceAppMismatch(request.app, app.app);
        _checkPrice(app.price, request.maxAppPrice);
        _checkAsset(app.onlyDataset, request.dataset);
        _checkAsset(app.onlyPool, pool);
        _checkRequester(app.onlyRequester, request.requester);
    }

    function checkDataset(DatasetOrder calldata dataset, RequestOrder calldata request, uint256 pool) internal pure {
        if (dataset.dataset != request.dataset) {
            revert IMarketplace.MarketplaceDatasetMismatch(request.dataset, dataset.dataset);
        }
        _checkPrice(dataset.price, request.maxDatasetPrice);
        _checkAsset(dataset.onlyApp, request.app);
        _checkAsset(dataset.onlyPool, pool);
        _checkRequester(dataset.onlyRequester, request.requester);
    }

    function checkPool(PoolOrder calldata pool, RequestOrder calldata request) internal pure {
        if (request.pool != 0 && request.pool != pool.pool) {
            revert IMarketplace.MarketplacePoolMismatch(request.pool, pool.pool);
        }
        _checkPrice(pool.price, request.maxPoolPrice);
        _checkAsset(pool.onlyApp, request.app);
        _checkAsset(pool.onlyDataset, request.dataset);
        _checkRequester(pool.onlyRequester, request.requester);
        _checkShares(pool);
        _checkService(pool, request);
    }

    function _checkShares(PoolOrder calldata pool) private pure {
        if (pool.workerStake > BPS) revert IMarketplace.MarketplaceShareTooHigh(pool.workerStake);
        if (pool.schedulerShare > BPS) revert IMarketplace.MarketplaceShareTooHigh(pool.schedulerShare);
        if (pool.grace > MAX_GRACE) revert IMarketplace.MarketplaceGraceTooLong(pool.grace);
    }

    function _checkService(PoolOrder calldata pool, RequestOrder calldata request) private pure {
        if (request.category != pool.category) {
            revert IMarketplace.MarketplaceCategoryMismatch(request.category, pool.category);
        }
        if (request.trust > pool.maxTrust) revert IMarketplace.MarketplaceTrustTooHigh(request.trust, pool.maxTrust);
        Capabilities capabilities = Capabilities.wrap(pool.capabilities);
        if (!capabilities.covers(Capabilities.wrap(request.requirements))) {
            revert IMarketplace.MarketplaceRequirementsUnmet(request.requirements, pool.capabilities);
        }
        if (request.callback != address(0) && capabilities.flags() & CapabilitiesLib.CALLBACK == 0) {
            revert IMarketplace.MarketplaceCallbackUnsupported(pool.pool);
        }
    }

    function _checkPrice(uint128 price, uint128 maximum) private pure {
        if (price > maximum) revert IMarketplace.MarketplacePriceTooHigh(price, maximum);
    }

    function _checkAsset(uint256 only, uint256 asset) private pure {
        if (only != 0 && only != asset) revert IMarketplace.MarketplaceAssetRestricted(only, asset);
    }

    function _checkRequester(address only, address requester) private pure {
        if (only != address(0) && only != requester) {
            revert IMarketplace.MarketplaceRequesterRestricted(only, requester);
        }
    }
}
