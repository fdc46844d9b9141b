// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Signers} from "./Signers.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IHub} from "./interfaces/IHub.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Asks, DealTerms} from "./libraries/DealTerms.sol";
import {Book, Ledger} from "./libraries/Ledger.sol";
import {Matching} from "./libraries/Matching.sol";
import {Problem} from "./libraries/Problem.sol";
import {Deal} from "./types/Deal.sol";
import {Entry} from "./types/Entry.sol";
import {
    AppOrder,
    DatasetOrder,
    PoolOrder,
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "./types/Orders.sol";

/// @title Marketplace
/// @notice See {IMarketplace}. Whether terms agree is decided in {Matching}, who signed and what is left in {Signers};
/// this file opens deals and locks their money.
contract Marketplace is Signers {
    using DealTerms for Deal;
    using Ledger for Book;

    /* IMMUTABLES */

    IEscrow public immutable escrow;
    IHub public immutable hub;
    IERC721 public immutable appRegistry;
    IERC721 public immutable datasetRegistry;
    IERC721 public immutable poolRegistry;

    constructor(
        IEscrow escrow_,
        IHub hub_,
        IERC721 appRegistry_,
        IERC721 datasetRegistry_,
        IERC721 poolRegistry_
    ) EIP712("Gridmill", "1") {
        escrow = escrow_;
        hub = hub_;
        appRegistry = appRegistry_;
        datasetRegistry = datasetRegistry_;
        poolRegistry = poolRegistry_;
    }

    /* MATCHING */

    /// @inheritdoc IMarketplace
    function matchOrders(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        SignedRequestOrder calldata request
    ) external returns (bytes32 dealId) {
        bool withDataset = request.order.dataset != 0;
        Problem.raise(_problemOfTerms(app.order, dataset.order, pool.order, request.order, withDataset));
        Asks memory asks = _asksOf(app.order, dataset.order, pool.order, withDataset);
        Problem.raise(_problemOfAsks(asks, app, dataset, pool));
        bytes32 requestHash = hashRequestOrder(request.order);
        Problem.raise(_problemOfRequest(asks, request, requestHash));
        Deal memory deal = DealTerms.offerOf(pool.order, asks);
        deal.fill(request.order, requestHash, pool.order.grace);
        Problem.raise(_problemOfPrice(deal));

        bytes32[] memory dealIds = new bytes32[](1);
        dealIds[0] = dealId = _announce(deal, request.order.nonce);
        _take(asks, app.order, dataset.order, pool.order, deal.volume);
        hub.openDeals(dealIds);
        escrow.post(deal.locks());
    }

    /// @inheritdoc IMarketplace
    function matchBatch(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        SignedRequestOrder[] calldata requests
    ) external returns (bytes32[] memory dealIds) {
        bool withDataset = dataset.order.dataset != 0;
        Asks memory asks = _asksOf(app.order, dataset.order, pool.order, withDataset);
        Problem.raise(_problemOfAsks(asks, app, dataset, pool));
        // Nobody could choose payers that collide in the book of a block that was still to come.
        Book memory book = Ledger.create(requests.length + 1, bytes32(block.prevrandao));
        (uint256 poolFunds, ) = escrow.balanceOf(asks.poolOwner);
        uint256 left = asks.left;
        dealIds = new bytes32[](requests.length);
        Deal memory deal = DealTerms.offerOf(pool.order, asks);
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i; i < requests.length; ++i) {
            SignedRequestOrder calldata request = requests[i];
            bytes32 requestHash = hashRequestOrder(request.order);
            bytes memory problem = _problemOfTerms(app.order, dataset.order, pool.order, request.order, withDataset);
            if (problem.length == 0) problem = _problemOfRequest(asks, request, requestHash);
            if (problem.length == 0) {
                deal.fill(request.order, requestHash, pool.order.grace);
                problem = _problemOfPrice(deal);
                if (problem.length == 0) problem = _enter(book, deal, poolFunds);
                if (problem.length == 0) {
                    dealIds[i] = _announce(deal, request.order.nonce);
                    asks.left -= deal.volume;
                }
            }
            if (problem.length != 0) emit RequestSkipped(request.order.requester, requestHash, problem);
            // Used up once, memory costs more for every request behind it.
            Memory.unsafeSetFreeMemoryPointer(free);
        }
        _take(asks, app.order, dataset.order, pool.order, left - asks.left);
        hub.openDeals(dealIds);
        escrow.post(book.changes());
    }

    /* PRIVATE: WHAT IS WRONG */

    /// @dev What the four say that does not fit together.
    function _problemOfTerms(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        RequestOrder calldata request,
        bool withDataset
    ) private pure returns (bytes memory problem) {
        problem = Matching.problemOfRequest(request);
        if (problem.length == 0) problem = Matching.problemOfApp(app, request, pool.pool);
        if (problem.length == 0 && (withDataset || request.dataset != 0)) {
            problem = Matching.problemOfDataset(dataset, request, pool.pool);
        }
        if (problem.length == 0) problem = Matching.problemOfPool(pool, request);
    }

    /// @dev What is wrong with the asks, whoever wants to take from them.
    function _problemOfAsks(
        Asks memory asks,
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool
    ) private view returns (bytes memory problem) {
        problem = Matching.problemOfShares(pool.order);
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

    /// @dev What keeps the request from taking from these asks now, apart from terms and money.
    function _problemOfRequest(
        Asks memory asks,
        SignedRequestOrder calldata signed,
        bytes32 requestHash
    ) private view returns (bytes memory problem) {
        RequestOrder calldata request = signed.order;
        if (request.volume > asks.left) {
            bytes4 exhausted = MarketplaceOrderExhausted.selector;
            return abi.encodeWithSelector(exhausted, asks.scarcest, asks.left, request.volume);
        }
        problem = _problemOfNonce(request.requester, request.nonce);
        if (problem.length == 0) {
            problem = _problemOfSigner(request.requester, requestHash, request.expiry, signed.signature);
        }
    }

    /// @dev Whether a balance suffices, the escrow knows.
    function _problemOfPrice(Deal memory deal) private view returns (bytes memory problem) {
        uint256 price = deal.price();
        if (price > uint128(type(int128).max)) {
            return abi.encodeWithSelector(MarketplaceAmountTooLarge.selector, price);
        }
        return _problemOfAllowance(deal.payer, deal.requester, price);
    }

    /* PRIVATE: OPENING DEALS */

    /// @dev Owners and hashes as they are now; the dataset's stay zero where it is not used.
    function _asksOf(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        bool withDataset
    ) private view returns (Asks memory asks) {
        asks.left = type(uint256).max;
        asks.appOwner = appRegistry.ownerOf(app.app);
        asks.appOrder = hashAppOrder(app);
        asks.appPrice = app.price;
        asks.limitTo(asks.appOrder, _remainingOf(asks.appOwner, asks.appOrder, app.volume));
        asks.poolOwner = poolRegistry.ownerOf(pool.pool);
        asks.poolOrder = hashPoolOrder(pool);
        asks.limitTo(asks.poolOrder, _remainingOf(asks.poolOwner, asks.poolOrder, pool.volume));
        if (!withDataset) return asks;
        asks.datasetOwner = datasetRegistry.ownerOf(dataset.dataset);
        asks.datasetOrder = hashDatasetOrder(dataset);
        asks.datasetPrice = dataset.price;
        asks.limitTo(asks.datasetOrder, _remainingOf(asks.datasetOwner, asks.datasetOrder, dataset.volume));
    }

    /// @dev Uses up what belongs to the request alone.
    function _announce(Deal memory deal, uint256 nonce) private returns (bytes32 dealId) {
        _useNonce(deal.requester, nonce);
        if (deal.payer != deal.requester) _useAllowance(deal.payer, deal.requester, deal.price());
        dealId = deal.id();

        emit DealOpened(dealId, deal.pool, deal.requester, deal);
    }

    /// @dev `tasks` of each ask are gone.
    function _take(
        Asks memory asks,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        uint256 tasks
    ) private {
        _consume(asks.appOwner, asks.appOrder, app.volume, tasks);
        if (asks.datasetOrder != 0) _consume(asks.datasetOwner, asks.datasetOrder, dataset.volume, tasks);
        _consume(asks.poolOwner, asks.poolOrder, pool.volume, tasks);

        emit OrdersMatched(asks.appOrder, asks.datasetOrder, asks.poolOrder, tasks);
    }

    /// @dev Enters what the deal locks, unless payer or pool owner has less than that besides what is entered already.
    function _enter(Book memory book, Deal memory deal, uint256 poolFunds) private view returns (bytes memory problem) {
        Entry memory payer = book.entryOf(deal.payer);
        Entry memory poolOwner = book.entryOf(deal.poolOwner);
        (int128 price, int128 stake) = (int128(uint128(deal.price())), int128(uint128(deal.stake())));
        (uint256 payerFunds, ) = escrow.balanceOf(deal.payer);
        problem = _problemOfFunds(payer, payerFunds, price);
        if (problem.length != 0) return problem;
        payer.lock(price);
        problem = _problemOfFunds(poolOwner, poolFunds, stake);
        if (problem.length == 0) poolOwner.lock(stake);
        else payer.lock(-price);
    }

    function _problemOfFunds(
        Entry memory entry,
        uint256 available,
        int256 amount
    ) private pure returns (bytes memory problem) {
        int256 left = int256(available) + entry.available;
        if (amount <= left) return problem;
        return abi.encodeWithSelector(IEscrow.EscrowInsufficientBalance.selector, entry.account, left, -amount);
    }
}
