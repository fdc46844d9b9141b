// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {Signers} from "./Signers.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Asks} from "./libraries/DealTerms.sol";
import {Matching} from "./libraries/Matching.sol";
import {
    AppOrder,
    DatasetOrder,
    PoolOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder
} from "./types/Orders.sol";

/// @title Offers
/// @notice What owners offer: whose an ask is, whether it stands, and what is left of it. The part of {Marketplace} that
/// knows assets; see {IMarketplace}.
abstract contract Offers is Signers {
    /* IMMUTABLES */

    IERC721 public immutable appRegistry;
    IERC721 public immutable datasetRegistry;
    IERC721 public immutable poolRegistry;

    constructor(IERC721 appRegistry_, IERC721 datasetRegistry_, IERC721 poolRegistry_) {
        appRegistry = appRegistry_;
        datasetRegistry = datasetRegistry_;
        poolRegistry = poolRegistry_;
    }

    /* VIEWS */

    /// @inheritdoc IMarketplace
    function statusOfAppOrder(SignedAppOrder calldata app) external view returns (uint256 left, bytes memory problem) {
        AppOrder calldata order = app.order;
        address owner;
        (owner, problem) = _tryOwnerOf(appRegistry, order.app);
        if (problem.length != 0) return (0, problem);
        bytes32 hash = hashAppOrder(order);
        problem = _problemOfAsk(owner, hash, order.expiry, order.counter, app.signature);
        return _statusOf(owner, hash, order.volume, problem);
    }

    /// @inheritdoc IMarketplace
    function statusOfDatasetOrder(
        SignedDatasetOrder calldata dataset
    ) external view returns (uint256 left, bytes memory problem) {
        DatasetOrder calldata order = dataset.order;
        address owner;
        (owner, problem) = _tryOwnerOf(datasetRegistry, order.dataset);
        if (problem.length != 0) return (0, problem);
        bytes32 hash = hashDatasetOrder(order);
        problem = _problemOfAsk(owner, hash, order.expiry, order.counter, dataset.signature);
        return _statusOf(owner, hash, order.volume, problem);
    }

    /// @inheritdoc IMarketplace
    function statusOfPoolOrder(
        SignedPoolOrder calldata pool
    ) external view returns (uint256 left, bytes memory problem) {
        PoolOrder calldata order = pool.order;
        address owner;
        (owner, problem) = _tryOwnerOf(poolRegistry, order.pool);
        if (problem.length == 0) problem = Matching.problemOfOffer(order);
        if (problem.length != 0) return (0, problem);
        bytes32 hash = hashPoolOrder(order);
        problem = _problemOfAsk(owner, hash, order.expiry, order.counter, pool.signature);
        return _statusOf(owner, hash, order.volume, problem);
    }

    /* INTERNAL: ASKS */

    /// @dev Owners and hashes as they are now; the dataset's stay zero where it is not used.
    function _asksOf(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        bool withDataset
    ) internal view returns (Asks memory asks) {
        asks.left = type(uint256).max;
        asks.appOwner = appRegistry.ownerOf(app.app);
        asks.appOrder = hashAppOrder(app);
        asks.limitTo(asks.appOrder, _remainingOf(asks.appOwner, asks.appOrder, app.volume));
        asks.poolOwner = poolRegistry.ownerOf(pool.pool);
        asks.poolOrder = hashPoolOrder(pool);
        asks.limitTo(asks.poolOrder, _remainingOf(asks.poolOwner, asks.poolOrder, pool.volume));
        if (!withDataset) return asks;
        asks.datasetOwner = datasetRegistry.ownerOf(dataset.dataset);
        asks.datasetOrder = hashDatasetOrder(dataset);
        asks.limitTo(asks.datasetOrder, _remainingOf(asks.datasetOwner, asks.datasetOrder, dataset.volume));
    }

    /// @dev `tasks` of each ask are gone.
    function _take(
        Asks memory asks,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        uint256 tasks
    ) internal {
        if (tasks == 0) return;
        _consume(asks.appOwner, asks.appOrder, app.volume, tasks);
        if (asks.datasetOrder != 0) _consume(asks.datasetOwner, asks.datasetOrder, dataset.volume, tasks);
        _consume(asks.poolOwner, asks.poolOrder, pool.volume, tasks);

        emit OrdersMatched(asks.appOrder, asks.datasetOrder, asks.poolOrder, tasks);
    }

    /// @dev The owner, or why there is none; {_asksOf} reverts with the same.
    function _tryOwnerOf(IERC721 registry, uint256 id) internal view returns (address, bytes memory problem) {
        try registry.ownerOf(id) returns (address owner) {
            return (owner, problem);
        } catch (bytes memory error) {
            return (address(0), error);
        }
    }

    /* INTERNAL: WHAT IS WRONG */

    /// @dev What is wrong with the asks, whoever wants to take from them.
    function _problemOfAsks(
        Asks memory asks,
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool
    ) internal view returns (bytes memory problem) {
        problem = Matching.problemOfOffer(pool.order);
        if (problem.length == 0) {
            problem = _problemOfAsk(asks.appOwner, asks.appOrder, app.order.expiry, app.order.counter, app.signature);
        }
        if (problem.length == 0 && asks.datasetOrder != 0) {
            (uint40 expiry, uint256 counter) = (dataset.order.expiry, dataset.order.counter);
            problem = _problemOfAsk(asks.datasetOwner, asks.datasetOrder, expiry, counter, dataset.signature);
        }
        if (problem.length == 0) {
            (uint40 expiry, uint256 counter) = (pool.order.expiry, pool.order.counter);
            problem = _problemOfAsk(asks.poolOwner, asks.poolOrder, expiry, counter, pool.signature);
        }
    }

    function _exhausted(bytes32 orderHash, uint256 left, uint256 wanted) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(MarketplaceOrderExhausted.selector, orderHash, left, wanted);
    }

    /* PRIVATE */

    function _statusOf(
        address signer,
        bytes32 orderHash,
        uint256 volume,
        bytes memory problem
    ) private view returns (uint256 left, bytes memory) {
        if (problem.length != 0) return (0, problem);
        left = _remainingOf(signer, orderHash, volume);
        if (left == 0) problem = _exhausted(orderHash, 0, 1);
        return (left, problem);
    }
}
