// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IEscrow} from "./interfaces/IEscrow.sol";
import {IHub} from "./interfaces/IHub.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Asks, DealTerms} from "./libraries/DealTerms.sol";
import {Matching} from "./libraries/Matching.sol";
import {Signatures} from "./libraries/Signatures.sol";
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

/// @title Marketplace
/// @notice See {IMarketplace}. Whether terms agree is decided in {Matching}; this file knows who signed and who pays.
contract Marketplace is IMarketplace, EIP712 {
    uint256 private constant UNLIMITED = type(uint256).max;
    /// @dev Marks a cancelled ask: nothing remains of any volume.
    uint256 private constant CANCELLED = type(uint256).max;

    /* IMMUTABLES */

    IEscrow public immutable escrow;
    IHub public immutable hub;
    IERC721 public immutable appRegistry;
    IERC721 public immutable datasetRegistry;
    IERC721 public immutable poolRegistry;

    /* STORAGE */

    /// @inheritdoc IMarketplace
    mapping(address signer => uint256) public counterOf;
    /// @inheritdoc IMarketplace
    mapping(address signer => mapping(bytes32 orderHash => uint256)) public consumedOf;
    /// @inheritdoc IMarketplace
    mapping(address signer => mapping(bytes32 orderHash => bool)) public isApproved;
    /// @dev One bit a nonce, 256 to a word.
    mapping(address requester => mapping(uint256 word => uint256)) private _usedNonces;

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
        Matching.checkRequest(request.order);
        Asks memory asks;
        _takeApp(asks, app, request.order, pool.order.pool);
        if (request.order.dataset != 0) _takeDataset(asks, dataset, request.order, pool.order.pool);
        _takePool(asks, pool, request.order);
        bytes32 requestHash = _takeRequest(request);

        Deal memory deal = DealTerms.dealOf(pool.order, request.order, asks, requestHash);
        dealId = deal.id();

        emit DealOpened(dealId, deal.pool, deal.requester, deal);
        emit OrdersMatched(dealId, asks.appOrder, asks.datasetOrder, asks.poolOrder, deal.volume);

        hub.openDeal(dealId);
        escrow.post(DealTerms.locksOf(deal));
    }

    /* SIGNERS */

    /// @inheritdoc IMarketplace
    function approveAppOrder(AppOrder calldata order) external {
        _approve(hashAppOrder(order));
    }

    /// @inheritdoc IMarketplace
    function approveDatasetOrder(DatasetOrder calldata order) external {
        _approve(hashDatasetOrder(order));
    }

    /// @inheritdoc IMarketplace
    function approvePoolOrder(PoolOrder calldata order) external {
        _approve(hashPoolOrder(order));
    }

    /// @inheritdoc IMarketplace
    function approveRequestOrder(RequestOrder calldata order) external {
        _approve(hashRequestOrder(order));
    }

    /// @inheritdoc IMarketplace
    function cancelAppOrder(AppOrder calldata order) external {
        _cancelAsk(hashAppOrder(order));
    }

    /// @inheritdoc IMarketplace
    function cancelDatasetOrder(DatasetOrder calldata order) external {
        _cancelAsk(hashDatasetOrder(order));
    }

    /// @inheritdoc IMarketplace
    function cancelPoolOrder(PoolOrder calldata order) external {
        _cancelAsk(hashPoolOrder(order));
    }

    /// @inheritdoc IMarketplace
    function cancelRequestOrder(RequestOrder calldata order) external {
        if (msg.sender != order.requester) revert MarketplaceNotRequester(order.requester, msg.sender);
        _useNonce(order.requester, order.nonce);
        emit OrderCancelled(msg.sender, hashRequestOrder(order));
    }

    /// @inheritdoc IMarketplace
    function cancelAll() external {
        emit CounterRaised(msg.sender, ++counterOf[msg.sender]);
    }

    /* VIEWS */

    /// @inheritdoc IMarketplace
    function hashAppOrder(AppOrder calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(OrdersLib.structHash(order));
    }

    /// @inheritdoc IMarketplace
    function hashDatasetOrder(DatasetOrder calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(OrdersLib.structHash(order));
    }

    /// @inheritdoc IMarketplace
    function hashPoolOrder(PoolOrder calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(OrdersLib.structHash(order));
    }

    /// @inheritdoc IMarketplace
    function hashRequestOrder(RequestOrder calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(OrdersLib.structHash(order));
    }

    /// @inheritdoc IMarketplace
    function isNonceUsed(address requester, uint256 nonce) public view returns (bool) {
        return _usedNonces[requester][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    /* PRIVATE: TAKING ORDERS */

    function _takeApp(
        Asks memory asks,
        SignedAppOrder calldata app,
        RequestOrder calldata request,
        uint256 pool
    ) private {
        AppOrder calldata order = app.order;
        Matching.checkApp(order, request, pool);
        asks.appOwner = appRegistry.ownerOf(order.app);
        asks.appOrder = hashAppOrder(order);
        asks.appPrice = order.price;
        _checkAuthentic(asks.appOwner, asks.appOrder, order.expiry, app.signature);
        _consume(asks.appOwner, asks.appOrder, order.counter, order.volume, request.volume);
    }

    function _takeDataset(
        Asks memory asks,
        SignedDatasetOrder calldata dataset,
        RequestOrder calldata request,
        uint256 pool
    ) private {
        DatasetOrder calldata order = dataset.order;
        Matching.checkDataset(order, request, pool);
        asks.datasetOwner = datasetRegistry.ownerOf(order.dataset);
        asks.datasetOrder = hashDatasetOrder(order);
        asks.datasetPrice = order.price;
        _checkAuthentic(asks.datasetOwner, asks.datasetOrder, order.expiry, dataset.signature);
        _consume(asks.datasetOwner, asks.datasetOrder, order.counter, order.volume, request.volume);
    }

    function _takePool(Asks memory asks, SignedPoolOrder calldata pool, RequestOrder calldata request) private {
        PoolOrder calldata order = pool.order;
        Matching.checkPool(order, request);
        asks.poolOwner = poolRegistry.ownerOf(order.pool);
        asks.poolOrder = hashPoolOrder(order);
        _checkAuthentic(asks.poolOwner, asks.poolOrder, order.expiry, pool.signature);
        _consume(asks.poolOwner, asks.poolOrder, order.counter, order.volume, request.volume);
    }

    function _takeRequest(SignedRequestOrder calldata request) private returns (bytes32 orderHash) {
        RequestOrder calldata order = request.order;
        orderHash = hashRequestOrder(order);
        _checkAuthentic(order.requester, orderHash, order.expiry, request.signature);
        _useNonce(order.requester, order.nonce);
    }

    function _checkAuthentic(address signer, bytes32 orderHash, uint40 expiry, bytes calldata signature) private view {
        if (block.timestamp > expiry) revert MarketplaceOrderExpired(orderHash, expiry);
        // The approval last: whoever signed does not pay for looking it up.
        bool authentic = Signatures.isValid(signer, orderHash, signature) || isApproved[signer][orderHash];
        if (!authentic) revert MarketplaceBadSignature(orderHash, signer);
    }

    function _consume(address signer, bytes32 orderHash, uint256 counter, uint256 volume, uint256 wanted) private {
        if (counter != counterOf[signer]) revert MarketplaceOrderRevoked(orderHash, counter, counterOf[signer]);
        uint256 consumed = consumedOf[signer][orderHash];
        uint256 remaining = volume > consumed ? volume - consumed : 0;
        if (wanted > remaining) revert MarketplaceOrderExhausted(orderHash, remaining, wanted);

        if (volume != UNLIMITED) consumedOf[signer][orderHash] = consumed + wanted;
    }

    function _useNonce(address requester, uint256 nonce) private {
        if (isNonceUsed(requester, nonce)) revert MarketplaceNonceUsed(requester, nonce);
        _usedNonces[requester][nonce >> 8] |= 1 << (nonce & 0xff);
    }

    function _approve(bytes32 orderHash) private {
        isApproved[msg.sender][orderHash] = true;
        emit OrderApproved(msg.sender, orderHash);
    }

    function _cancelAsk(bytes32 orderHash) private {
        consumedOf[msg.sender][orderHash] = CANCELLED;
        emit OrderCancelled(msg.sender, orderHash);
    }
}
