// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ReceiverMock} from "../mocks/ReceiverMock.sol";
import {
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "../types/Orders.sol";
import {Offer} from "./Dealer.sol";
import {Referee} from "./Referee.sol";
import {Vm} from "./Test.sol";

/// @title MarketMoves
/// @notice What people do on the market, in any order; legal calls only, so that no call may revert.
abstract contract MarketMoves is Referee {
    /// @notice What was sent to the escrow past its functions.
    uint256 public sent;

    /* DEALS */

    function openDeal(uint256 any) external {
        _openDeal(_roll(any));
    }

    function openDealWithDataset(uint256 any) external {
        uint256 word = _roll(any);
        Offer memory offer = _offer(word);
        offer.dataset.dataset = 1;
        _open(offer, _request(word, offer));
    }

    function openDealWithCallback(uint256 any) external {
        uint256 word = _roll(any);
        Offer memory offer = _offer(word);
        RequestOrder memory request = _request(word, offer);
        request.callback = address(receiver);
        _open(offer, request);
    }

    /// @dev REQUESTER allows exactly what it takes, or more.
    function openDealOfFriend(uint256 any) external {
        uint256 word = _roll(any);
        Offer memory offer = _offer(word);
        RequestOrder memory request = _request(word, offer);
        request.requester = FRIEND;
        uint256 price = (uint256(offer.app.price) + offer.pool.price) * request.volume;
        // Whoever allows nothing is not named as payer, whatever the price.
        _allow(word & 1 == 0 && price != 0 ? price : price + 1 + (word >> 192));
        _open(offer, request);
    }

    /// @dev Requests of two people, one of whom the other pays for; nobody has signed one of them.
    function openBatch(uint256 any) external {
        uint256 word = _roll(any);
        Offer memory offer = _offer(word);
        if (word & 32 == 0) offer.dataset.dataset = 1;
        _approveAsks(offer);
        SignedRequestOrder[] memory requests = new SignedRequestOrder[](1 + (word & 3));
        uint256 unsigned = (word >> 8) & 7;
        for (uint256 i; i < requests.length; ++i) {
            requests[i].order = _request(_roll(word), offer);
            if (i % 2 == 1) requests[i].order.requester = FRIEND;
            if (i != unsigned) _approveRequest(requests[i].order);
        }
        vm.recordLogs();
        marketplace.matchBatch(
            SignedAppOrder(offer.app, ""),
            SignedDatasetOrder(offer.dataset, ""),
            SignedPoolOrder(offer.pool, ""),
            requests
        );
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) ++seen[logs[i].topics[0]];
        _noteOpened(logs);
    }

    /// @dev Takes from asks that are good for a few tasks alone.
    function openFromStandingAsk(uint256 any) external {
        (Offer memory offer, uint256 left) = _standingOffer();
        if (left == 0) {
            ++_standing;
            (offer, left) = _standingOffer();
        }
        RequestOrder memory request = _request(_roll(any), offer);
        if (request.volume > left) request.volume = uint32(left);
        _open(offer, request);
    }

    /* ORDERS */

    function allow(uint256 any) external {
        _allow(bound(_roll(any), 0, 500 ether));
    }

    function cancelRequest(uint256 any) external {
        uint256 word = _roll(any);
        RequestOrder memory request = _request(word, _offer(word));
        vm.prank(REQUESTER);
        marketplace.cancelRequestOrder(request);
        _must(++_timesUsed[REQUESTER][request.nonce] == 1, "I20");
    }

    function cancelStandingAsk() external {
        (Offer memory offer, ) = _standingOffer();
        address signer = appRegistry.ownerOf(1);
        vm.prank(signer);
        marketplace.cancelAppOrder(offer.app);
        _noteCancelled(signer, marketplace.hashAppOrder(offer.app));
    }

    function cancelAllAsks() external {
        vm.prank(appRegistry.ownerOf(1));
        marketplace.cancelAll();
    }

    /* ASSETS */

    function sellApp() external {
        address owner = appRegistry.ownerOf(1);
        vm.prank(owner);
        appRegistry.transferFrom(owner, owner == BUYER ? APP_OWNER : BUYER, 1);
    }

    function sellPool() external {
        address owner = poolRegistry.ownerOf(1);
        vm.prank(owner);
        poolRegistry.transferFrom(owner, owner == BUYER ? POOL_OWNER : BUYER, 1);
    }

    function changeOperator() external {
        address next = poolRegistry.operatorOf(1) == OPERATOR ? SUCCESSOR : OPERATOR;
        vm.prank(poolRegistry.ownerOf(1));
        poolRegistry.setOperator(1, next);
    }

    /// @dev Listens, or does one of the things that a receiver should not do.
    function changeReceiver(uint256 any) external {
        uint256 mode = _roll(any) % 6;
        if (mode == uint256(ReceiverMock.Mode.REENTER)) {
            receiver.reenter(address(escrow), abi.encodeCall(escrow.sweepBurned, ()));
        } else {
            receiver.setMode(ReceiverMock.Mode(mode));
        }
    }

    /* MONEY */

    function deposit(uint256 any) external {
        uint256 word = _roll(any);
        address account = accounts()[word % accounts().length];
        escrow.depositFor(account, uint128(bound(word >> 8, 1, 100 ether)));
    }

    function withdraw(uint256 any) external {
        uint256 word = _roll(any);
        address account = accounts()[word % accounts().length];
        escrow.depositFor(account, 1);
        (uint128 available, ) = escrow.balanceOf(account);
        vm.prank(account);
        escrow.withdraw(uint128(bound(word >> 8, 1, available < 100 ether ? available : 100 ether)));
    }

    function sendTokens(uint256 any) external {
        uint256 amount = bound(_roll(any), 1, 1 ether);
        sent += amount;
        token.transfer(address(escrow), amount);
    }

    function sweep() external {
        swept += escrow.sweepBurned();
    }

    /* INTERNAL */

    function _openDeal(uint256 word) internal {
        Offer memory offer = _offer(word);
        _open(offer, _request(word, offer));
    }

    function _allow(uint256 amount) private {
        vm.prank(REQUESTER);
        marketplace.allow(FRIEND, amount);
        allowanceLeft = amount;
    }
}
