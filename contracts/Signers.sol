// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {AppOrder, DatasetOrder, OrdersLib, PoolOrder, RequestOrder} from "./types/Orders.sol";

/// @dev 256 nonces, one bit each.
struct NonceWord {
    uint256 used;
}

/// @title Signers
/// @notice What signers have said on chain about their orders, and what is left of what they signed. The part of
/// {Marketplace} that knows people; see {IMarketplace}.
/// @dev Problems are told as {Problem} says, so that a batch can pass over an order and say why.
abstract contract Signers is IMarketplace, EIP712 {
    uint256 private constant UNLIMITED = type(uint256).max;
    /// @dev Marks a cancelled ask: nothing remains of any volume.
    uint256 private constant CANCELLED = type(uint256).max;

    /* STORAGE */

    /// @inheritdoc IMarketplace
    mapping(address signer => uint256) public counterOf;
    /// @inheritdoc IMarketplace
    mapping(address signer => mapping(bytes32 orderHash => uint256)) public consumedOf;
    /// @inheritdoc IMarketplace
    mapping(address signer => mapping(bytes32 orderHash => bool)) public isApproved;
    /// @inheritdoc IMarketplace
    mapping(address payer => mapping(address requester => uint256)) public allowanceOf;
    mapping(address requester => mapping(uint256 index => NonceWord)) private _nonceWords;

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
        if (isNonceUsed(order.requester, order.nonce)) revert MarketplaceNonceUsed(order.requester, order.nonce);
        _nonceWordOf(order.requester, order.nonce).used |= _bitOf(order.nonce);
        emit OrderCancelled(msg.sender, hashRequestOrder(order));
    }

    /// @inheritdoc IMarketplace
    function cancelAll() external {
        emit CounterRaised(msg.sender, ++counterOf[msg.sender]);
    }

    /// @inheritdoc IMarketplace
    function allow(address requester, uint256 amount) external {
        allowanceOf[msg.sender][requester] = amount;
        emit AllowanceSet(msg.sender, requester, amount);
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
        return _nonceWordOf(requester, nonce).used & _bitOf(nonce) != 0;
    }

    /* INTERNAL: WHAT IS WRONG */

    function _problemOfAsk(
        address signer,
        bytes32 orderHash,
        uint40 expiry,
        uint256 counter,
        bytes calldata signature
    ) internal view returns (bytes memory problem) {
        if (counter != counterOf[signer]) {
            return abi.encodeWithSelector(MarketplaceOrderRevoked.selector, orderHash, counter, counterOf[signer]);
        }
        return _problemOfSigner(signer, orderHash, expiry, signature);
    }

    function _problemOfSigner(
        address signer,
        bytes32 orderHash,
        uint40 expiry,
        bytes calldata signature
    ) internal view returns (bytes memory problem) {
        if (block.timestamp > expiry) {
            return abi.encodeWithSelector(MarketplaceOrderExpired.selector, orderHash, expiry);
        }
        if (Signatures.isValid(signer, orderHash, signature)) return problem;
        // The approval last: whoever signed does not pay for looking it up.
        if (isApproved[signer][orderHash]) return problem;
        return abi.encodeWithSelector(MarketplaceBadSignature.selector, orderHash, signer);
    }

    function _problemOfAllowance(
        address payer,
        address requester,
        uint256 price
    ) internal view returns (bytes memory problem) {
        uint256 allowance = allowanceOf[payer][requester];
        // Who allows nothing is not named as payer of a deal that costs nothing either.
        if (allowance != 0 && price <= allowance) return problem;
        return abi.encodeWithSelector(MarketplaceAllowanceTooLow.selector, payer, requester, allowance, price);
    }

    function _problemOfNonce(
        address requester,
        uint256 nonce,
        uint256 usedNonces
    ) internal pure returns (bytes memory problem) {
        if (usedNonces & _bitOf(nonce) == 0) return problem;
        return abi.encodeWithSelector(MarketplaceNonceUsed.selector, requester, nonce);
    }

    /* INTERNAL: USING UP */

    function _nonceWordOf(address requester, uint256 nonce) internal view returns (NonceWord storage) {
        return _nonceWords[requester][nonce >> 8];
    }

    function _bitOf(uint256 nonce) internal pure returns (uint256) {
        return 1 << (nonce & 0xff);
    }

    /// @dev Tasks that may still be taken from an ask; the greatest value where it is unlimited.
    function _remainingOf(address signer, bytes32 orderHash, uint256 volume) internal view returns (uint256) {
        uint256 consumed = consumedOf[signer][orderHash];
        return volume > consumed ? volume - consumed : 0;
    }

    function _consume(address signer, bytes32 orderHash, uint256 volume, uint256 taken) internal {
        if (volume != UNLIMITED) consumedOf[signer][orderHash] += taken;
    }

    /// @dev An allowance of the greatest value is not counted down.
    function _useAllowance(address payer, address requester, uint256 price) internal {
        uint256 allowance = allowanceOf[payer][requester];
        if (allowance != type(uint256).max) allowanceOf[payer][requester] = allowance - price;
    }

    /* PRIVATE */

    function _approve(bytes32 orderHash) private {
        isApproved[msg.sender][orderHash] = true;
        emit OrderApproved(msg.sender, orderHash);
    }

    function _cancelAsk(bytes32 orderHash) private {
        consumedOf[msg.sender][orderHash] = CANCELLED;
        emit OrderCancelled(msg.sender, orderHash);
    }
}
