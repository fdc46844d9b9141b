// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IHub} from "../interfaces/IHub.sol";
import {Deal} from "../types/Deal.sol";
import {DealBookLib} from "../types/DealBook.sol";
import {EpochLib} from "../types/Epoch.sol";
import {WorkerAccountLib} from "../types/WorkerAccount.sol";
import {Offer} from "./Dealer.sol";
import {RoundCheats} from "./RoundCheats.sol";
import {Draft} from "./Voters.sol";

/// @title HubCheats
/// @notice Epochs, deals and bonds out of turn, or by those whose they are not.
abstract contract HubCheats is RoundCheats {
    /* EPOCHS */

    function cheatSettleTwice(uint256 any) external {
        uint8 lane = _pendingLane(_roll(any));
        _settle(lane);
        _refusedSettle(_roundOf(lane), EpochLib.HubEpochNotPending.selector);
    }

    /// @dev By somebody, or by who operated the pool before.
    function cheatSettleOfOthers(uint256 any) external {
        uint256 word = _roll(any);
        Draft memory draft = _sealedDraft(word);
        _refused(_notOperator(word), address(hub), _settleCall(draft), IHub.HubNotOperator.selector);
    }

    function cheatSettleInTheSameSecond(uint256 any) external {
        uint256 word = _roll(any);
        uint8 lane = uint8(word % LANES);
        if (_isPending(lane)) _settle(lane);
        _seal(lane, word, type(uint40).max);
        _refusedSettle(_roundOf(lane), EpochLib.HubEpochTooYoung.selector);
    }

    function cheatSettleTooLate(uint256 any) external {
        uint8 lane = _pendingLane(_roll(any));
        _abandon(lane);
        _refusedSettle(_roundOf(lane), EpochLib.HubEpochAbandoned.selector);
    }

    /// @dev The ballots were not meant to be sealed that late.
    function cheatWithExpiredBallots(uint256 any) external {
        uint256 word = _roll(any);
        uint8 lane = uint8(word % LANES);
        if (_isPending(lane)) _settle(lane);
        _seal(lane, word, uint40(vm.getBlockTimestamp()));
        _passSecond(lane);
        _refusedSettle(_roundOf(lane), IHub.HubBallotExpired.selector);
        _abandon(lane);
    }

    function cheatSealTwice(uint256 any) external {
        uint8 lane = _pendingLane(_roll(any));
        bytes memory call = abi.encodeCall(hub.seal, (1, lane, new bytes32[](0)));
        _refused(_operator(), address(hub), call, EpochLib.HubEpochPending.selector);
    }

    function cheatSealOfOthers(uint256 any) external {
        uint256 word = _roll(any);
        bytes memory call = abi.encodeCall(hub.seal, (1, uint8(word % LANES), new bytes32[](0)));
        _refused(_notOperator(word), address(hub), call, IHub.HubNotOperator.selector);
    }

    /* DEALS */

    function cheatOpenDealFromOutside(uint256 any) external {
        uint256 word = _roll(any);
        bytes32[] memory dealIds = new bytes32[](1);
        dealIds[0] = bytes32(word);
        bytes memory call = abi.encodeCall(hub.openDeals, (dealIds));
        _refused(word & 1 == 0 ? STRANGER : _operator(), address(hub), call, IHub.HubNotMarketplace.selector);
    }

    /// @dev While its tasks may still be settled, to the last second.
    function cheatClaimEarly(uint256 any) external {
        uint256 word = _roll(any);
        (Deal memory deal, ) = _freshDeal(word);
        if (word & 3 == 0) vm.warp(_settleEnd(deal));
        _refused(REQUESTER, address(hub), abi.encodeCall(hub.claim, (deal)), IHub.HubClaimTooEarly.selector);
    }

    function cheatClaimTwice(uint256 any) external {
        (Deal memory deal, ) = _freshDeal(_roll(any));
        vm.warp(_settleEnd(deal) + 1);
        _claim(deal);
        _refusedClosed(REQUESTER, abi.encodeCall(hub.claim, (deal)));
    }

    /// @dev With a payer who did not pay.
    function cheatClaimOfChangedDeal(uint256 any) external {
        (Deal memory deal, ) = _freshDeal(_roll(any));
        vm.warp(_settleEnd(deal) + 1);
        deal.payer = STRANGER;
        _refusedClosed(STRANGER, abi.encodeCall(hub.claim, (deal)));
    }

    function cheatDeclineLate(uint256 any) external {
        (Deal memory deal, ) = _freshDeal(_roll(any));
        if (deal.terms.grace() != 0) vm.warp(uint256(deal.terms.openedAt()) + deal.terms.grace() + 1);
        _refused(_operator(), address(hub), abi.encodeCall(hub.decline, (deal)), IHub.HubGraceOver.selector);
    }

    function cheatDeclineOfOthers(uint256 any) external {
        uint256 word = _roll(any);
        (Deal memory deal, ) = _freshDeal(word);
        bytes memory call = abi.encodeCall(hub.decline, (deal));
        _refused(_notOperator(word), address(hub), call, IHub.HubNotOperator.selector);
    }

    function cheatDeclineTwice(uint256 any) external {
        uint256 word = _roll(any);
        Offer memory offer = _offer(word);
        offer.pool.grace = 1;
        _open(offer, _request(word, offer));
        Deal memory deal = _deals[_deals.length - 1];
        _decline(deal);
        _refusedClosed(_operator(), abi.encodeCall(hub.decline, (deal)));
    }

    /* WORKERS */

    function cheatBondTooMuch(uint256 any) external {
        address worker = _workers[_roll(any) % WORKERS];
        (uint128 available, ) = escrow.balanceOf(worker);
        bytes memory call = abi.encodeCall(hub.bond, (uint96(available + 1)));
        _refused(worker, address(hub), call, IEscrow.EscrowInsufficientBalance.selector);
    }

    function cheatUnbondTooMuch(uint256 any) external {
        address worker = _workers[_roll(any) % WORKERS];
        (uint96 bonded, , , ) = hub.workerOf(worker);
        bytes memory call = abi.encodeCall(hub.unbond, (bonded + 1));
        _refused(worker, address(hub), call, WorkerAccountLib.HubBondTooSmall.selector);
    }

    /// @dev To have it out before the votes that it backs are counted.
    function cheatWithdrawBondEarly(uint256 any) external {
        uint256 word = _roll(any);
        _pendingLane(word);
        address worker = _workers[word % WORKERS];
        (uint96 bonded, , , ) = hub.workerOf(worker);
        vm.assume(bonded != 0);
        vm.prank(worker);
        hub.unbond(bonded);
        bytes memory call = abi.encodeCall(hub.withdrawBond, ());
        _refused(worker, address(hub), call, WorkerAccountLib.HubBondNotReady.selector);
    }

    function cheatWithdrawNoBond() external {
        bytes memory call = abi.encodeCall(hub.withdrawBond, ());
        _refused(STRANGER, address(hub), call, WorkerAccountLib.HubNothingUnbonding.selector);
    }

    /* PRIVATE */

    function _abandon(uint8 lane) private {
        (, , uint40 sealedAt, ) = hub.epochOf(1, lane);
        vm.warp(uint256(sealedAt) + EpochLib.WINDOW + 1);
    }

    function _notOperator(uint256 word) private view returns (address) {
        if (word & 64 == 0) return STRANGER;
        return _operator() == OPERATOR ? SUCCESSOR : OPERATOR;
    }

    function _refusedClosed(address caller, bytes memory call) private {
        _refused(caller, address(hub), call, DealBookLib.HubDealNotOpen.selector);
    }
}
