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

/// @dev What one batch works on. Everything here lives in memory.
struct Batch {
    Asks asks;
    bool withDataset;
    Deal deal; // the common part, filled anew for each request
    Book book; // what is locked
    uint256 poolFunds; // what the pool owner had at the start
}

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
        dealIds[0] = dealId = _open(deal, request.order.nonce);
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
        Batch memory batch = _startBatch(app, dataset, pool, requests.length);
        uint256 left = batch.asks.left;
        dealIds = new bytes32[](requests.length);
        // What outlives a request lies below this. Memory costs more the more there is, so each gives its own back.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i; i < requests.length; ++i) {
            bytes32 requestHash = hashRequestOrder(requests[i].order);
            bytes memory problem;
            (dealIds[i], problem) = _serve(batch, app.order, dataset.order, pool.order, requests[i], requestHash);
            if (problem.length != 0) emit RequestSkipped(requests[i].order.requester, requestHash, problem);
            Memory.unsafeSetFreeMemoryPointer(free);
        }
        _take(batch.asks, app.order, dataset.order, pool.order, left - batch.asks.left);
        hub.openDeals(dealIds);
        escrow.post(batch.book.changes());
    }

    /* PRIVATE: A BATCH */

    function _startBatch(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        uint256 requests
    ) private view returns (Batch memory batch) {
        batch.withDataset = dataset.order.dataset != 0;
        batch.asks = _asksOf(app.order, dataset.order, pool.order, batch.withDataset);
        Problem.raise(_problemOfAsks(batch.asks, app, dataset, pool));
        Problem.raise(_problemOfVolume(batch.asks, 1));
        batch.deal = DealTerms.offerOf(pool.order, batch.asks);
        // Who would choose payers that collide in the book has to know the block, and the gas that is left here.
        batch.book = Ledger.create(requests + 1, keccak256(abi.encode(block.prevrandao, block.timestamp, gasleft())));
        (batch.poolFunds, ) = escrow.balanceOf(batch.asks.poolOwner);
    }

    /// @dev Opens the request's deal and enters what it locks, or says why not and leaves everything as it was.
    function _serve(
        Batch memory batch,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        SignedRequestOrder calldata request,
        bytes32 requestHash
    ) private returns (bytes32 dealId, bytes memory problem) {
        problem = _problemOfTerms(app, dataset, pool, request.order, batch.withDataset);
        if (problem.length == 0) problem = _problemOfRequest(batch.asks, request, requestHash);
        if (problem.length != 0) return (0, problem);

        Deal memory deal = batch.deal;
        deal.fill(request.order, requestHash, pool.grace);
        problem = _problemOfPrice(deal);
        if (problem.length == 0) problem = _enter(batch.book, deal, batch.poolFunds);
        if (problem.length != 0) return (0, problem);

        batch.asks.left -= deal.volume;
        dealId = _open(deal, request.order.nonce);
    }

    /// @dev Enters what the deal locks, unless payer or pool owner has less than that besides what is entered already.
    function _enter(Book memory book, Deal memory deal, uint256 poolFunds) private view returns (bytes memory problem) {
        Entry memory payer = book.entryOf(deal.payer);
        Entry memory poolOwner = book.entryOf(deal.poolOwner);
        (int256 price, int256 stake) = (int256(deal.price()), int256(deal.stake()));
        (uint256 payerFunds, ) = escrow.balanceOf(deal.payer);
        problem = _problemOfFunds(payer, payerFunds, price);
        int256 ofPoolOwner = deal.payer == deal.poolOwner ? price + stake : stake;
        if (problem.length == 0) problem = _problemOfFunds(poolOwner, poolFunds, ofPoolOwner);
        if (problem.length != 0) return problem;
        payer.lock(int128(price));
        poolOwner.lock(int128(stake));
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

    /// @dev What keeps the request from taking from these asks now, apart from terms and money.
    function _problemOfRequest(
        Asks memory asks,
        SignedRequestOrder calldata signed,
        bytes32 requestHash
    ) private view returns (bytes memory problem) {
        RequestOrder calldata request = signed.order;
        problem = _problemOfVolume(asks, request.volume);
        if (problem.length == 0) problem = _problemOfNonce(request.requester, request.nonce);
        if (problem.length == 0) {
            problem = _problemOfSigner(request.requester, requestHash, request.expiry, signed.signature);
        }
    }

    function _problemOfVolume(Asks memory asks, uint256 wanted) private pure returns (bytes memory problem) {
        if (wanted <= asks.left) return problem;
        return abi.encodeWithSelector(MarketplaceOrderExhausted.selector, asks.scarcest, asks.left, wanted);
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

    /// @dev Uses up what belongs to the request alone. The hub hears of all deals of a call together.
    function _open(Deal memory deal, uint256 nonce) private returns (bytes32 dealId) {
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
        if (tasks == 0) return;
        _consume(asks.appOwner, asks.appOrder, app.volume, tasks);
        if (asks.datasetOrder != 0) _consume(asks.datasetOwner, asks.datasetOrder, dataset.volume, tasks);
        _consume(asks.poolOwner, asks.poolOrder, pool.volume, tasks);

        emit OrdersMatched(asks.appOrder, asks.datasetOrder, asks.poolOrder, tasks);
    }
}
