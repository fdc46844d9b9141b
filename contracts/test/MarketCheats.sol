// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {IPoolRegistry} from "../interfaces/IPoolRegistry.sol";
import {Entry} from "../types/Entry.sol";
import {
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "../types/Orders.sol";
import {Cheats} from "./Cheats.sol";
import {Offer} from "./Dealer.sol";

/// @title MarketCheats
/// @notice Orders that nobody gave, gave so often, or can pay; and money that is not theirs.
abstract contract MarketCheats is Cheats {
    /* ORDERS */

    /// @dev Of a request that was filled or cancelled; other terms do not help.
    function cheatUsedNonce(uint256 any) external {
        uint256 word = _roll(any);
        vm.assume(_lastNonce != 0);
        uint256 nonce = 1 + (word % _lastNonce);
        vm.assume(_timesUsed[REQUESTER][nonce] != 0);
        (Offer memory offer, RequestOrder memory request) = _orders(word);
        request.nonce = nonce;
        _refusedMatch(offer, request, IMarketplace.MarketplaceNonceUsed.selector);
    }

    function cheatExhaustedAsk(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, uint256 left) = _standingOffer();
        RequestOrder memory request = _request(word, offer);
        request.volume = uint32(left + 1 + (word & 1));
        _refusedMatch(offer, request, IMarketplace.MarketplaceOrderExhausted.selector);
    }

    function cheatCancelledAsk(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, ) = _standingOffer();
        address signer = appRegistry.ownerOf(1);
        vm.prank(signer);
        marketplace.cancelAppOrder(offer.app);
        _noteCancelled(signer, marketplace.hashAppOrder(offer.app));
        _refusedMatch(offer, _request(word, offer), IMarketplace.MarketplaceOrderExhausted.selector);
    }

    function cheatRevokedAsk(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, RequestOrder memory request) = _orders(word);
        if (word & 1 == 0) offer.app.counter += 1;
        else offer.pool.counter += 1;
        _refusedMatch(offer, request, IMarketplace.MarketplaceOrderRevoked.selector);
    }

    function cheatExpiredOrder(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, RequestOrder memory request) = _orders(word);
        uint40 past = uint40(block.timestamp - 1);
        if (word & 3 == 0) offer.app.expiry = past;
        else if (word & 3 == 1) offer.pool.expiry = past;
        else request.expiry = past;
        _refusedMatch(offer, request, IMarketplace.MarketplaceOrderExpired.selector);
    }

    /// @dev Signed by somebody else, or not at all.
    function cheatForgedSignature(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, RequestOrder memory request) = _orders(word);
        offer.dataset.dataset = request.dataset = 1;
        uint256 forged = (word >> 8) % 4;
        (offer.app.salt, offer.dataset.salt, offer.pool.salt) = (bytes32(word), bytes32(word), bytes32(word));
        if (forged != 0) _approveApp(offer, appRegistry.ownerOf(1));
        if (forged != 1) _approveDataset(offer);
        if (forged != 2) _approvePool(offer, poolRegistry.ownerOf(1));
        if (forged != 3) _approveRequest(request);
        bytes memory signature = word & 1 == 0 ? bytes("") : _signedByWorker(request);
        _refusedCall(_matchCall(offer, request, signature), IMarketplace.MarketplaceBadSignature.selector);
    }

    /// @dev Who sold an asset does not sell for it any more.
    function cheatOrderOfFormerOwner(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, RequestOrder memory request) = _orders(word);
        (offer.app.salt, offer.pool.salt) = (bytes32(word), bytes32(word));
        (address app, address pool) = (appRegistry.ownerOf(1), poolRegistry.ownerOf(1));
        (offer.app.counter, offer.pool.counter) = (marketplace.counterOf(app), marketplace.counterOf(pool));
        bool ofApp = word & 1 == 0;
        _approveApp(offer, ofApp ? (app == BUYER ? APP_OWNER : BUYER) : app);
        _approvePool(offer, ofApp ? pool : (pool == BUYER ? POOL_OWNER : BUYER));
        _approveRequest(request);
        _refusedCall(_matchCall(offer, request, ""), IMarketplace.MarketplaceBadSignature.selector);
    }

    /// @dev The payer has too little, or the pool owner for its stake.
    function cheatWithoutMoney(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, RequestOrder memory request) = _orders(word);
        (uint128 funds, ) = escrow.balanceOf(REQUESTER);
        request.volume = 1;
        offer.app.price = funds - (offer.pool.price > funds ? funds : offer.pool.price) + 1;
        _refusedMatch(offer, request, IEscrow.EscrowInsufficientBalance.selector);
    }

    /// @dev Who allowed nothing, or less than that.
    function cheatForeignPayer(uint256 any) external {
        uint256 word = _roll(any);
        (Offer memory offer, RequestOrder memory request) = _orders(word);
        request.requester = FRIEND;
        request.payer = word & 1 == 0 ? POOL_OWNER : REQUESTER;
        request.volume = 1;
        if (request.payer == REQUESTER) {
            vm.assume(allowanceLeft < type(uint128).max);
            offer.app.price = uint128(allowanceLeft + 1);
        }
        _refusedMatch(offer, request, IMarketplace.MarketplaceAllowanceTooLow.selector);
    }

    function cheatCancelRequestOfOthers(uint256 any) external {
        (, RequestOrder memory request) = _orders(_roll(any));
        bytes memory call = abi.encodeCall(marketplace.cancelRequestOrder, (request));
        _refused(STRANGER, address(marketplace), call, IMarketplace.MarketplaceNotRequester.selector);
    }

    /* MONEY AND ASSETS */

    function cheatPostFromOutside(uint256 any) external {
        Entry[] memory entries = new Entry[](2);
        entries[0] = Entry(STRANGER, int128(uint128(bound(_roll(any), 1, 1 ether))), 0);
        entries[1] = Entry(REQUESTER, -entries[0].available, 0);
        bytes memory call = abi.encodeCall(escrow.post, (entries));
        _refused(STRANGER, address(escrow), call, IEscrow.EscrowNotLedger.selector);
    }

    function cheatWithdrawTooMuch(uint256 any) external {
        uint256 word = _roll(any);
        address account = accounts()[word % accounts().length];
        (uint128 available, ) = escrow.balanceOf(account);
        bytes memory call = abi.encodeCall(escrow.withdraw, (available + 1));
        _refused(account, address(escrow), call, IEscrow.EscrowInsufficientBalance.selector);
    }

    function cheatWithdrawToEscrow() external {
        bytes memory call = abi.encodeCall(escrow.withdrawTo, (address(escrow), 1));
        _refused(REQUESTER, address(escrow), call, IEscrow.EscrowPaysItself.selector);
    }

    function cheatChangeOperatorOfOthers() external {
        bytes memory call = abi.encodeCall(poolRegistry.setOperator, (1, STRANGER));
        _refused(STRANGER, address(poolRegistry), call, IPoolRegistry.PoolNotOwner.selector);
    }

    /* PRIVATE */

    function _orders(uint256 word) private returns (Offer memory offer, RequestOrder memory request) {
        offer = _offer(word);
        request = _request(word, offer);
    }

    function _refusedMatch(Offer memory offer, RequestOrder memory request, bytes4 problem) private {
        _approveAsks(offer);
        _approveRequest(request);
        _refusedCall(_matchCall(offer, request, ""), problem);
    }

    function _refusedCall(bytes memory call, bytes4 problem) private {
        _refused(STRANGER, address(marketplace), call, problem);
    }

    function _matchCall(
        Offer memory offer,
        RequestOrder memory request,
        bytes memory signature
    ) private view returns (bytes memory) {
        return
            abi.encodeCall(
                marketplace.matchOrders,
                (
                    SignedAppOrder(offer.app, signature),
                    SignedDatasetOrder(offer.dataset, signature),
                    SignedPoolOrder(offer.pool, signature),
                    SignedRequestOrder(request, signature)
                )
            );
    }

    /// @dev A good signature of somebody who owns nothing here.
    function _signedByWorker(RequestOrder memory request) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[0], marketplace.hashRequestOrder(request));
        return abi.encodePacked(r, s, v);
    }

    function _approveApp(Offer memory offer, address signer) private {
        vm.prank(signer);
        marketplace.approveAppOrder(offer.app);
    }

    function _approveDataset(Offer memory offer) private {
        vm.prank(DATASET_OWNER);
        marketplace.approveDatasetOrder(offer.dataset);
    }

    function _approvePool(Offer memory offer, address signer) private {
        vm.prank(signer);
        marketplace.approvePoolOrder(offer.pool);
    }
}
