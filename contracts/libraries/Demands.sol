// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Capabilities, CapabilitiesLib} from "../types/Capabilities.sol";
import {Deal} from "../types/Deal.sol";
import {AppOrder, DatasetOrder, PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Categories} from "./Categories.sol";
import {Matching} from "./Matching.sol";

/// @dev What asks want of any request, besides what their deals say.
struct Demands {
    address onlyRequester; // 0: anybody
    uint32 maxTrust; // 0, which is too little for anybody, where the asks do not admit each other
    uint16 grace; // the pool's
    Capabilities capabilities;
}

using DemandsLib for Demands global;

/// @title DemandsLib
/// @notice Whether {Matching} would find nothing wrong, at a third of its gas: what depends on the asks alone is decided
/// once for a batch, and the rest compared in memory. What is wrong, {Matching} tells.
/// @dev May refuse what {Matching} lets pass, which therefore has the last word; never the other way (Twins.t.sol).
library DemandsLib {
    function demandsOf(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        bool withDataset
    ) internal pure returns (Demands memory demands) {
        demands.grace = pool.grace;
        demands.capabilities = Capabilities.wrap(pool.capabilities);
        demands.onlyRequester = app.onlyRequester;
        bool compatible = _limitTo(demands, pool.onlyRequester) && pool.category < Categories.COUNT;
        compatible = compatible && _admits(app.onlyPool, pool.pool) && _admits(pool.onlyApp, app.app);
        uint256 used;
        if (withDataset) {
            used = dataset.dataset;
            compatible = compatible && _limitTo(demands, dataset.onlyRequester);
            compatible = compatible && _admits(dataset.onlyApp, app.app) && _admits(dataset.onlyPool, pool.pool);
        }
        if (compatible && _admits(app.onlyDataset, used) && _admits(pool.onlyDataset, used)) {
            demands.maxTrust = pool.maxTrust;
        }
    }

    /// @param deal What the asks and the request would make.
    function areMetBy(
        Demands memory demands,
        Deal memory deal,
        RequestOrder memory request
    ) internal pure returns (bool) {
        // Together, because each comparison of its own costs more.
        uint256 differences = (deal.app ^ request.app) | (deal.dataset ^ request.dataset);
        if (differences | (deal.terms.category() ^ request.category) != 0) return false;
        if (request.pool != 0 && request.pool != deal.pool) return false;
        if (deal.assetPrices.app() > request.maxAppPrice) return false;
        if (deal.assetPrices.dataset() > request.maxDatasetPrice) return false;
        if (deal.poolMoney.price() > request.maxPoolPrice) return false;
        return _canServe(demands, request);
    }

    function _canServe(Demands memory demands, RequestOrder memory request) private pure returns (bool) {
        if (demands.onlyRequester != address(0) && demands.onlyRequester != request.requester) return false;
        if (request.volume == 0) return false;
        if (request.trust < Matching.MIN_TRUST || request.trust > demands.maxTrust) return false;
        uint256 maxWeight = request.maxWeight;
        if (maxWeight < Matching.MIN_MAX_WEIGHT || maxWeight > Matching.MAX_MAX_WEIGHT) return false;
        bool hears = request.callback != address(0);
        if (hears && demands.capabilities.flags() & CapabilitiesLib.CALLBACK == 0) return false;
        return request.requirements == 0 || demands.capabilities.covers(Capabilities.wrap(request.requirements));
    }

    /// @return Whether somebody is left.
    function _limitTo(Demands memory demands, address requester) private pure returns (bool) {
        if (requester == address(0) || requester == demands.onlyRequester) return true;
        if (demands.onlyRequester != address(0)) return false;
        demands.onlyRequester = requester;
        return true;
    }

    function _admits(uint256 only, uint256 asset) private pure returns (bool) {
        return only == 0 || only == asset;
    }
}
