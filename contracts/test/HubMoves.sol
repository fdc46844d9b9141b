// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Deal, DealLib} from "../types/Deal.sol";
import {EpochLib} from "../types/Epoch.sol";
import {KeptBookLib} from "../types/KeptVotes.sol";
import {RequestOrder} from "../types/Orders.sol";
import {Vm} from "./Test.sol";
import {Offer} from "./Dealer.sol";
import {MarketMoves} from "./MarketMoves.sol";
import {Before} from "./Referee.sol";
import {Draft} from "./Voters.sol";

/// @title HubMoves
/// @notice What operators, workers and passers-by do on the hub, in any order; legal calls only, so that no call may revert.
abstract contract HubMoves is MarketMoves {
    /// @notice Epochs sealed in a lane, and how often its last one was settled.
    mapping(uint8 lane => uint256) public epochs;
    mapping(uint8 lane => uint256) private _timesSettled;
    /// @dev The lane's last {Draft}, encoded.
    mapping(uint8 lane => bytes) private _rounds;

    /* EPOCHS */

    function seal(uint256 any) external {
        uint256 word = _roll(any);
        uint8 lane = uint8(word % LANES);
        vm.assume(!_isPending(lane));
        _seal(lane, word, type(uint40).max);
    }

    /// @dev Of what was sealed some calls ago, where there is any.
    function settle(uint256 any) external {
        _settle(_pendingLane(_roll(any)));
    }

    /// @dev Votes that all workers open, counted at once.
    function settleAtOnce(uint256 any) external {
        uint256 word = _roll(any);
        uint8 lane = uint8(word % LANES);
        if (_isPending(lane)) _settle(lane);
        _seal(lane, _withoutSilence(word), type(uint40).max);
        _settle(lane);
    }

    /// @dev Votes that a silent worker kept from deciding, opened with the next epoch.
    function settleKept(uint256 any) external {
        uint256 word = _roll(any);
        (Deal memory deal, uint8 lane) = _keepVotes(word, uint16(_between(word, 8, 0, 2000)));
        _sealDeals(lane, _openingKept(_withoutSilence(word), true), _only(deal), type(uint40).max);
        _settle(lane);
    }

    /// @dev The same, not opened in time: withheld, unless whoever knew the secret opened it on chain.
    function settleWithheld(uint256 any) external {
        uint256 word = _roll(any);
        (Deal memory deal, uint8 lane) = _keepVotes(word, uint16(_between(word, 8, 0, 2000)));
        if (word & 1 == 0) _openOnChain(deal);
        vm.warp(vm.getBlockTimestamp() + KeptBookLib.OPEN);
        _sealDeals(lane, _openingKept(_withoutSilence(word), false), _only(deal), type(uint40).max);
        _settle(lane);
    }

    /* DEALS */

    function decline(uint256 any) external {
        uint256 word = _roll(any);
        Offer memory offer = _offer(word);
        if (offer.pool.grace == 0) offer.pool.grace = 1;
        _open(offer, _request(word, offer));
        _decline(_deals[_deals.length - 1]);
    }

    /// @dev One that is some calls old, where there is any; else towards the end of a new one's grace.
    function declineLater(uint256 any) external {
        uint256 word = _roll(any);
        for (uint256 i; i < _deals.length; ++i) {
            Deal memory deal = _deals[addmod(word, i, _deals.length)];
            (bool open, ) = hub.dealState(deal.id());
            if (open && deal.terms.grace() != 0 && block.timestamp <= _graceEnd(deal)) return _decline(deal);
        }
        Offer memory offer = _offer(word);
        if (offer.pool.grace == 0) offer.pool.grace = 1;
        _open(offer, _request(word, offer));
        Deal memory fresh = _deals[_deals.length - 1];
        vm.warp(_graceEnd(fresh));
        _decline(fresh);
    }

    /// @dev The first one that can be claimed, waiting for it if need be.
    function claim() external {
        for (uint256 i; i < _deals.length; ++i) {
            Deal memory deal = _deals[i];
            (bool open, ) = hub.dealState(deal.id());
            if (!open) continue;
            if (block.timestamp <= _settleEnd(deal)) vm.warp(_settleEnd(deal) + 1);
            return _claim(deal);
        }
        vm.assume(false);
    }

    /// @dev An epoch sealed in a deal's last second can be settled for an hour, and only then is the deal claimed.
    function closeInTheLastSecond(uint256 any) external {
        uint256 word = _roll(any);
        (Deal memory deal, uint8 lane) = _freshDeal(word);
        vm.warp(_deadline(deal) - 1);
        _sealDeals(lane, _withoutSilence(word), _only(deal), type(uint40).max);
        vm.warp(_settleEnd(deal));
        if (word & 32 == 0) return _settle(lane);
        vm.warp(_settleEnd(deal) + 1);
        _claim(deal);
    }

    /* WORKERS */

    function bond(uint256 any) external {
        uint256 word = _roll(any);
        vm.prank(_workers[word % WORKERS]);
        hub.bond(uint96(bound(word >> 8, 1, 50 ether)));
    }

    function unbond(uint256 any) external {
        uint256 word = _roll(any);
        address worker = _workers[word % WORKERS];
        (uint96 bonded, , , ) = hub.workerOf(worker);
        vm.assume(bonded != 0);
        vm.prank(worker);
        hub.unbond(uint96(bound(word >> 8, 1, word & 8 == 0 ? bonded : 1 + bonded / 8)));
    }

    function withdrawBond(uint256 any) external {
        uint256 word = _roll(any);
        address worker = _workers[word % WORKERS];
        (uint96 bonded, uint96 unbonding, uint40 readyAt, ) = hub.workerOf(worker);
        if (unbonding == 0) {
            vm.assume(bonded != 0);
            vm.prank(worker);
            hub.unbond(1 + bonded / 8);
            readyAt = uint40(block.timestamp + 1 days);
        }
        if (block.timestamp < readyAt) vm.warp(readyAt);
        vm.prank(worker);
        hub.withdrawBond();
    }

    /* TIME */

    function wait(uint256 any) external {
        vm.warp(block.timestamp + bound(_roll(any), 1, 20 minutes));
    }

    /* INTERNAL: EPOCHS */

    function _operator() internal view returns (address) {
        return poolRegistry.operatorOf(1);
    }

    function _isPending(uint8 lane) internal view returns (bool) {
        (, uint64 epoch, uint40 sealedAt, bool settled) = hub.epochOf(1, lane);
        return epoch != 0 && !settled && block.timestamp <= sealedAt + EpochLib.WINDOW;
    }

    /// @dev One whose epoch can be settled now and has tasks; sealed now, where there is none.
    function _pendingLane(uint256 word) internal returns (uint8 lane) {
        for (uint256 i; i < LANES; ++i) {
            lane = uint8(addmod(word, i, LANES));
            if (_isPending(lane)) return lane;
        }
        _seal(lane, word, type(uint40).max);
        _passSecond(lane);
    }

    function _roundOf(uint8 lane) internal view returns (Draft memory) {
        return abi.decode(_rounds[lane], (Draft));
    }

    function _seal(uint8 lane, uint256 word, uint40 sealBy) internal {
        Deal[] memory deals = _dealsOf(lane, word);
        if (deals.length == 0) {
            Offer memory offer = _offer(_roll(word));
            offer.pool.lane = lane;
            _open(offer, _request(word, offer));
            deals = _only(_deals[_deals.length - 1]);
        }
        _sealDeals(lane, word, deals, sealBy);
    }

    function _sealDeals(uint8 lane, uint256 word, Deal[] memory deals, uint40 sealBy) internal {
        // A deal does not settle from an epoch of its own second.
        vm.warp(vm.getBlockTimestamp() + 1);
        Draft memory draft = _draft(lane, word, deals, sealBy);
        vm.prank(_operator());
        hub.seal(1, lane, draft.leaves);
        _rounds[lane] = abi.encode(draft);
        (++epochs[lane], _timesSettled[lane] = 0);
        delete _backing[lane];
        for (uint256 i; i < WORKERS; ++i) {
            uint256 until = vm.getBlockTimestamp() + EpochLib.WINDOW;
            _backing[lane].push(draft.votesHashes[i] == 0 ? 0 : _coverOf(i, until));
        }
    }

    function _settle(uint8 lane) internal {
        Draft memory draft = _roundOf(lane);
        _passSecond(lane);
        (, , uint40 sealedAt, ) = hub.epochOf(1, lane);
        Before memory before = _look(sealedAt + EpochLib.WINDOW);
        vm.recordLogs();
        vm.prank(_operator());
        hub.settle(1, lane, draft.deals, draft.tasks, draft.ballots, draft.callbacks);
        _judgeSettle(draft, before, vm.getRecordedLogs());
        _must(++_timesSettled[lane] == 1, "I19");
    }

    /// @dev No epoch settles in the second in which it was sealed.
    function _passSecond(uint8 lane) internal {
        (, , uint40 sealedAt, ) = hub.epochOf(1, lane);
        if (vm.getBlockTimestamp() == sealedAt) vm.warp(sealedAt + 1);
    }

    /* INTERNAL: DEALS */

    function _only(Deal memory deal) internal pure returns (Deal[] memory deals) {
        deals = new Deal[](1);
        deals[0] = deal;
    }

    /// @dev A deal of the shortest category, in a lane where nothing is sealed.
    function _freshDeal(uint256 word) internal returns (Deal memory deal, uint8 lane) {
        lane = uint8(word % LANES);
        if (_isPending(lane)) _settle(lane);
        Offer memory offer = _offer(word);
        (offer.pool.lane, offer.pool.category) = (lane, 0);
        RequestOrder memory request = _request(word, offer);
        _open(offer, request);
        deal = _deals[_deals.length - 1];
    }

    function _graceEnd(Deal memory deal) internal pure returns (uint256) {
        return uint256(deal.terms.openedAt()) + deal.terms.grace();
    }

    /// @dev A deal whose tasks stay open, since the first worker opens none of its votes.
    function _keepVotes(uint256 word, uint16 workerStake) internal returns (Deal memory deal, uint8 lane) {
        lane = uint8(word % LANES);
        if (_isPending(lane)) _settle(lane);
        Offer memory offer = _offer(word);
        (offer.pool.lane, offer.pool.category, offer.pool.grace) = (lane, 1, 0);
        offer.pool.workerStake = workerStake;
        _open(offer, _request(word, offer));
        deal = _deals[_deals.length - 1];
        _sealDeals(lane, _withSilence(word), _only(deal), type(uint40).max);
        _settle(lane);
    }

    function _openOnChain(Deal memory deal) private {
        bytes32 dealId = deal.id();
        for (uint32 index; index < deal.terms.volume(); ++index) {
            bytes32 taskId = DealLib.taskId(dealId, index);
            uint256 kept = _keptOf(taskId, _workers[0]);
            if (kept == 0) continue;
            bytes32 right = _rightOf(deal, dealId, index);
            bytes32 digest = _isKeptWrong(_kept[taskId][kept - 1], taskId) ? WRONG : right;
            hub.openVote(_workers[0], taskId, digest, SECRET);
        }
    }

    function _decline(Deal memory deal) internal {
        Before memory before = _look(0);
        (, uint32 closed) = hub.dealState(deal.id());
        _must(settledTasks[deal.id()] == 0, "I13");
        vm.recordLogs();
        vm.prank(_operator());
        hub.decline(deal);
        _judgePosted(vm.getRecordedLogs());
        _judgeRefund(deal, deal.terms.volume() - closed, true, before);
    }

    function _claim(Deal memory deal) internal {
        Before memory before = _look(0);
        (, uint32 closed) = hub.dealState(deal.id());
        (, , uint40 sealedAt, ) = hub.epochOf(1, deal.terms.lane());
        _must(!_isPending(deal.terms.lane()) || sealedAt > _deadline(deal), "I13");
        vm.recordLogs();
        hub.claim(deal);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        _judgePosted(logs);
        _judgeRefund(deal, deal.terms.volume() - closed, false, before);
    }
}
