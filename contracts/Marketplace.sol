// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Offers} from "./Offers.sol";
import {NonceWord} from "./Signers.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IHub} from "./interfaces/IHub.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Asks, DealTerms} from "./libraries/DealTerms.sol";
import {Demands, DemandsLib} from "./libraries/Demands.sol";
import {Matching} from "./libraries/Matching.sol";
import {Problem} from "./libraries/Problem.sol";
import {Deal} from "./types/Deal.sol";
import {
    AppOrder,
    DatasetOrder,
    OrdersLib,
    PoolOrder,
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "./types/Orders.sol";

/// @dev What a call works on, and what it has done so far. Everything here lives in memory.
struct Batch {
    Asks asks;
    Demands demands;
    bytes32 domain; // separator of order hashes
    uint256 taskPrice; // what a payer locks for one task
    uint256 taskStake; // what the pool owner locks for one
    uint256 poolFunds; // what the pool owner had available at the start, less what it locked since
    uint256 poolStake; // what it locks for the deals so far
    // The request at hand, the deal that it would make, and what that would lock:
    RequestOrder request;
    Deal deal;
    uint256 price; // of its payer
    uint256 stake; // of the pool owner
    bool sponsored; // its payer is not its requester
    uint256 usedNonces; // the word that the request's nonce is in
    uint256 ofPoolOwner; // both together where it pays for its own task, else the stake
}

/// @title Marketplace
/// @notice See {IMarketplace}. Whether terms agree is decided in {Matching}, who signed in {Signers}, what is offered in
/// {Offers}; this file opens deals and locks their money.
contract Marketplace is Offers {
    using DealTerms for Deal;
    using OrdersLib for RequestOrder;

    /* IMMUTABLES */

    IEscrow public immutable escrow;
    IHub public immutable hub;

    constructor(
        IEscrow escrow_,
        IHub hub_,
        IERC721 appRegistry_,
        IERC721 datasetRegistry_,
        IERC721 poolRegistry_
    ) EIP712("Gridmill", "1") Offers(appRegistry_, datasetRegistry_, poolRegistry_) {
        escrow = escrow_;
        hub = hub_;
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
        Problem.raise(Matching.problemOfTerms(app.order, dataset.order, pool.order, request.order, withDataset));
        Batch memory batch = _startBatch(app.order, dataset.order, pool.order, withDataset);
        Problem.raise(_problemOfAsks(batch.asks, app, dataset, pool));
        bytes memory problem;
        (dealId, problem) = _serve(batch, app.order, dataset.order, pool.order, request);
        Problem.raise(problem);
        _take(batch.asks, app.order, dataset.order, pool.order, request.order.volume);
        bytes32[] memory dealIds = new bytes32[](1);
        dealIds[0] = dealId;
        _finishBatch(batch, dealIds);
    }

    /// @inheritdoc IMarketplace
    function matchBatch(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        SignedRequestOrder[] calldata requests
    ) external returns (bytes32[] memory dealIds) {
        Batch memory batch = _startBatch(app.order, dataset.order, pool.order, dataset.order.dataset != 0);
        Problem.raise(_problemOfAsks(batch.asks, app, dataset, pool));
        Problem.raise(_problemOfVolume(batch.asks, 1));
        uint256 left = batch.asks.left;
        dealIds = new bytes32[](requests.length);
        // What outlives a request lies below this. Memory costs more the more there is, so each gives its own back.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i; i < requests.length; ++i) {
            bytes memory problem;
            (dealIds[i], problem) = _serve(batch, app.order, dataset.order, pool.order, requests[i]);
            if (problem.length != 0) emit RequestSkipped(batch.deal.requester, batch.deal.requestHash, problem);
            Memory.unsafeSetFreeMemoryPointer(free);
        }
        _take(batch.asks, app.order, dataset.order, pool.order, left - batch.asks.left);
        _finishBatch(batch, dealIds);
    }

    /* VIEWS */

    /// @inheritdoc IMarketplace
    function problemOfMatch(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        SignedRequestOrder calldata request
    ) external view returns (bytes memory problem) {
        bool withDataset = request.order.dataset != 0;
        problem = Matching.problemOfTerms(app.order, dataset.order, pool.order, request.order, withDataset);
        if (problem.length == 0) problem = _problemOfAssets(app.order, dataset.order, pool.order, withDataset);
        if (problem.length != 0) return problem;
        Batch memory batch = _startBatch(app.order, dataset.order, pool.order, withDataset);
        problem = _problemOfAsks(batch.asks, app, dataset, pool);
        if (problem.length != 0) return problem;
        (, problem) = _look(batch, app.order, dataset.order, pool.order, request);
        if (problem.length == 0) problem = _problemOfPayer(batch);
    }

    /// @inheritdoc IMarketplace
    function statusOfRequestOrder(
        SignedRequestOrder calldata request
    ) external view returns (uint256 left, bytes memory problem) {
        RequestOrder calldata order = request.order;
        problem = Matching.problemOfRequest(order);
        if (problem.length == 0) {
            problem = _problemOfNonce(order.requester, order.nonce, _nonceWordOf(order.requester, order.nonce).used);
        }
        if (problem.length == 0) {
            problem = _problemOfSigner(order.requester, hashRequestOrder(order), order.expiry, request.signature);
        }
        if (problem.length == 0) left = order.volume;
    }

    /* PRIVATE: A BATCH */

    function _startBatch(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        bool withDataset
    ) private view returns (Batch memory batch) {
        batch.asks = _asksOf(app, dataset, pool, withDataset);
        batch.demands = DemandsLib.demandsOf(app, dataset, pool, withDataset);
        batch.domain = _domainSeparatorV4();
        batch.request = OrdersLib.room();
        batch.deal = DealTerms.offerOf(app, dataset, pool, batch.asks);
        batch.taskPrice = batch.deal.taskPrice();
        batch.taskStake = batch.deal.poolMoney.stake();
        (batch.poolFunds, ) = escrow.balanceOf(batch.asks.poolOwner);
    }

    /// @dev Opens the request's deal and locks its price, or says why not and leaves everything as it was.
    function _serve(
        Batch memory batch,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        SignedRequestOrder calldata signed
    ) private returns (bytes32 dealId, bytes memory problem) {
        NonceWord storage nonces;
        (nonces, problem) = _look(batch, app, dataset, pool, signed);
        if (problem.length != 0) return (0, problem);
        // Last, because it locks the money if it is there.
        if (batch.price != 0) {
            try escrow.lock(batch.deal.payer, batch.price) {} catch (bytes memory error) {
                Problem.check(error);
                return (0, error);
            }
        }
        nonces.used = batch.usedNonces | _bitOf(batch.request.nonce);
        dealId = _open(batch);
    }

    /// @dev Makes it the request at hand, and says why it cannot be served, apart from its payer's balance.
    /// @return nonces Where its nonce is.
    function _look(
        Batch memory batch,
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        SignedRequestOrder calldata signed
    ) private view returns (NonceWord storage nonces, bytes memory problem) {
        _read(batch, signed.order);
        nonces = _nonceWordOf(batch.request.requester, batch.request.nonce);
        batch.usedNonces = nonces.used;
        if (!batch.demands.areMetBy(batch.deal, batch.request)) {
            problem = Matching.problemOfTerms(app, dataset, pool, signed.order, batch.asks.datasetOrder != 0);
        }
        if (problem.length == 0) problem = _problemOfRequest(batch, signed.signature);
    }

    function _read(Batch memory batch, RequestOrder calldata order) private pure {
        (RequestOrder memory request, Deal memory deal) = (batch.request, batch.deal);
        bytes32 requestHash = MessageHashUtils.toTypedDataHash(batch.domain, order.copyTo(request));
        deal.fill(request, requestHash, batch.demands.grace);
        batch.sponsored = deal.payer != deal.requester;
        unchecked {
            // Three prices and one stake of 128 bits each, times 32 bits.
            uint256 price = batch.taskPrice * request.volume;
            uint256 stake = batch.taskStake * request.volume;
            (batch.price, batch.stake) = (price, stake);
            batch.ofPoolOwner = deal.payer == deal.poolOwner ? price + stake : stake;
        }
    }

    /// @dev Uses up what belongs to the request, apart from its nonce. Everything was looked at before.
    function _open(Batch memory batch) private returns (bytes32 dealId) {
        Deal memory deal = batch.deal;
        if (batch.sponsored) _useAllowance(deal.payer, deal.requester, batch.price);
        unchecked {
            batch.asks.left -= batch.request.volume;
            batch.poolStake += batch.stake;
            batch.poolFunds -= batch.ofPoolOwner;
        }
        dealId = deal.id();
        deal.announce(dealId);
    }

    /// @dev The hub hears of all deals of a call together, and the pool owner's stakes are locked together.
    function _finishBatch(Batch memory batch, bytes32[] memory dealIds) private {
        hub.openDeals(dealIds);
        if (batch.poolStake != 0) escrow.lock(batch.asks.poolOwner, batch.poolStake);
    }

    /* PRIVATE: WHAT IS WRONG */

    /// @dev What {_asksOf} would revert with.
    function _problemOfAssets(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        bool withDataset
    ) private view returns (bytes memory problem) {
        (, problem) = _tryOwnerOf(appRegistry, app.app);
        if (problem.length == 0) (, problem) = _tryOwnerOf(poolRegistry, pool.pool);
        if (problem.length == 0 && withDataset) (, problem) = _tryOwnerOf(datasetRegistry, dataset.dataset);
    }

    /// @dev What keeps the request at hand from taking from these asks now, apart from terms and its payer's balance.
    function _problemOfRequest(
        Batch memory batch,
        bytes calldata signature
    ) private view returns (bytes memory problem) {
        (RequestOrder memory request, Deal memory deal) = (batch.request, batch.deal);
        if (request.volume > batch.asks.left) return _problemOfVolume(batch.asks, request.volume);
        problem = _problemOfNonce(deal.requester, request.nonce, batch.usedNonces);
        if (problem.length != 0) return problem;
        problem = _problemOfSigner(deal.requester, deal.requestHash, request.expiry, signature);
        if (problem.length == 0) problem = _problemOfMoney(batch);
    }

    function _problemOfVolume(Asks memory asks, uint256 wanted) private pure returns (bytes memory problem) {
        if (wanted <= asks.left) return problem;
        return _exhausted(asks.scarcest, asks.left, wanted);
    }

    /// @dev What the deal at hand costs that is not there, apart from its payer's balance, which {IEscrow-lock} knows.
    function _problemOfMoney(Batch memory batch) private view returns (bytes memory problem) {
        Deal memory deal = batch.deal;
        if (batch.price > uint128(type(int128).max)) {
            return abi.encodeWithSelector(MarketplaceAmountTooLarge.selector, batch.price);
        }
        if (batch.sponsored) {
            problem = _problemOfAllowance(deal.payer, deal.requester, batch.price);
            if (problem.length != 0) return problem;
        }
        if (batch.ofPoolOwner > batch.poolFunds) {
            return _insufficient(deal.poolOwner, batch.poolFunds, batch.ofPoolOwner);
        }
    }

    function _problemOfPayer(Batch memory batch) private view returns (bytes memory problem) {
        (uint256 available, ) = escrow.balanceOf(batch.deal.payer);
        if (batch.price > available) return _insufficient(batch.deal.payer, available, batch.price);
    }

    function _insufficient(address account, uint256 available, uint256 amount) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEscrow.EscrowInsufficientBalance.selector, account, available, -int256(amount));
    }
}
