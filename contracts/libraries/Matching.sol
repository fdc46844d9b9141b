// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Capabilities, CapabilitiesLib} from "../types/Capabilities.sol";
import {AppOrder, DatasetOrder, PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Categories} from "./Categories.sol";

/// @title Matching
/// @notice Whether the terms of four orders agree. Signatures, volumes and money are {Marketplace}'s. See {Problem}.
library Matching {
    uint16 internal constant BPS = 10_000;
    uint16 internal constant MAX_GRACE = 7200;
    uint32 internal constant MIN_TRUST = 2;
    uint8 internal constant MIN_MAX_WEIGHT = 2;
    uint8 internal constant MAX_MAX_WEIGHT = 127;

    /// @notice What the four say that does not fit together.
    function problemOfTerms(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        RequestOrder calldata request,
        bool withDataset
    ) internal pure returns (bytes memory problem) {
        problem = problemOfRequest(request);
        if (problem.length == 0) problem = problemOfApp(app, request, pool.pool);
        if (problem.length == 0 && (withDataset || request.dataset != 0)) {
            problem = problemOfDataset(dataset, request, pool.pool);
        }
        if (problem.length == 0) problem = problemOfPool(pool, request);
    }

    /// @notice What keeps the request from being served by anybody.
    function problemOfRequest(RequestOrder calldata request) internal pure returns (bytes memory problem) {
        if (request.volume == 0) return abi.encodeWithSelector(IMarketplace.MarketplaceZeroVolume.selector);
        if (request.trust < MIN_TRUST) {
            return abi.encodeWithSelector(IMarketplace.MarketplaceTrustTooLow.selector, request.trust);
        }
        if (request.maxWeight < MIN_MAX_WEIGHT || request.maxWeight > MAX_MAX_WEIGHT) {
            return abi.encodeWithSelector(IMarketplace.MarketplaceMaxWeightOutOfRange.selector, request.maxWeight);
        }
        if (request.category >= Categories.COUNT) {
            return abi.encodeWithSelector(IMarketplace.MarketplaceCategoryUnknown.selector, request.category);
        }
    }

    /// @notice What keeps the app from serving the request in the pool.
    function problemOfApp(
        AppOrder calldata app,
        RequestOrder calldata request,
        uint256 pool
    ) internal pure returns (bytes memory problem) {
        if (app.app != request.app) {
            return abi.encodeWithSelector(IMarketplace.MarketplaceAppMismatch.selector, request.app, app.app);
        }
        problem = _ofPrice(app.price, request.maxAppPrice);
        if (problem.length == 0) problem = _ofAsset(app.onlyDataset, request.dataset);
        if (problem.length == 0) problem = _ofAsset(app.onlyPool, pool);
        if (problem.length == 0) problem = _ofRequester(app.onlyRequester, request.requester);
    }

    /// @notice What keeps the dataset from serving the request in the pool.
    function problemOfDataset(
        DatasetOrder calldata dataset,
        RequestOrder calldata request,
        uint256 pool
    ) internal pure returns (bytes memory problem) {
        if (dataset.dataset != request.dataset) {
            bytes4 mismatch = IMarketplace.MarketplaceDatasetMismatch.selector;
            return abi.encodeWithSelector(mismatch, request.dataset, dataset.dataset);
        }
        problem = _ofPrice(dataset.price, request.maxDatasetPrice);
        if (problem.length == 0) problem = _ofAsset(dataset.onlyApp, request.app);
        if (problem.length == 0) problem = _ofAsset(dataset.onlyPool, pool);
        if (problem.length == 0) problem = _ofRequester(dataset.onlyRequester, request.requester);
    }

    /// @notice What keeps the pool from serving the request.
    function problemOfPool(
        PoolOrder calldata pool,
        RequestOrder calldata request
    ) internal pure returns (bytes memory problem) {
        if (request.pool != 0 && request.pool != pool.pool) {
            return abi.encodeWithSelector(IMarketplace.MarketplacePoolMismatch.selector, request.pool, pool.pool);
        }
        problem = _ofPrice(pool.price, request.maxPoolPrice);
        if (problem.length == 0) problem = _ofAsset(pool.onlyApp, request.app);
        if (problem.length == 0) problem = _ofAsset(pool.onlyDataset, request.dataset);
        if (problem.length == 0) problem = _ofRequester(pool.onlyRequester, request.requester);
        if (problem.length == 0) problem = _ofService(pool, request);
    }

    /// @notice What is wrong with a pool's own terms, whoever asks.
    function problemOfOffer(PoolOrder calldata pool) internal pure returns (bytes memory problem) {
        bytes4 tooHigh = IMarketplace.MarketplaceShareTooHigh.selector;
        if (pool.workerStake > BPS) return abi.encodeWithSelector(tooHigh, pool.workerStake);
        if (pool.schedulerShare > BPS) return abi.encodeWithSelector(tooHigh, pool.schedulerShare);
        if (pool.grace > MAX_GRACE) {
            return abi.encodeWithSelector(IMarketplace.MarketplaceGraceTooLong.selector, pool.grace);
        }
    }

    function _ofService(
        PoolOrder calldata pool,
        RequestOrder calldata request
    ) private pure returns (bytes memory problem) {
        if (request.category != pool.category) {
            bytes4 mismatch = IMarketplace.MarketplaceCategoryMismatch.selector;
            return abi.encodeWithSelector(mismatch, request.category, pool.category);
        }
        if (request.trust > pool.maxTrust) {
            bytes4 tooHigh = IMarketplace.MarketplaceTrustTooHigh.selector;
            return abi.encodeWithSelector(tooHigh, request.trust, pool.maxTrust);
        }
        Capabilities capabilities = Capabilities.wrap(pool.capabilities);
        if (!capabilities.covers(Capabilities.wrap(request.requirements))) {
            bytes4 unmet = IMarketplace.MarketplaceRequirementsUnmet.selector;
            return abi.encodeWithSelector(unmet, request.requirements, pool.capabilities);
        }
        if (request.callback != address(0) && capabilities.flags() & CapabilitiesLib.CALLBACK == 0) {
            return abi.encodeWithSelector(IMarketplace.MarketplaceCallbackUnsupported.selector, pool.pool);
        }
    }

    function _ofPrice(uint128 price, uint128 maximum) private pure returns (bytes memory problem) {
        if (price <= maximum) return problem;
        return abi.encodeWithSelector(IMarketplace.MarketplacePriceTooHigh.selector, price, maximum);
    }

    function _ofAsset(uint256 only, uint256 asset) private pure returns (bytes memory problem) {
        if (only == 0 || only == asset) return problem;
        return abi.encodeWithSelector(IMarketplace.MarketplaceAssetRestricted.selector, only, asset);
    }

    function _ofRequester(address only, address requester) private pure returns (bytes memory problem) {
        if (only == address(0) || only == requester) return problem;
        return abi.encodeWithSelector(IMarketplace.MarketplaceRequesterRestricted.selector, only, requester);
    }
}
