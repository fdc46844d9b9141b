// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IHub} from "../interfaces/IHub.sol";
import {ReceiverMock} from "../mocks/ReceiverMock.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {EpochLib} from "../types/Epoch.sol";
import {KeptVote} from "../types/KeptVotes.sol";
import {Vm} from "./Test.sol";
import {Draft, Voters} from "./Voters.sol";

/// @dev How things stood before a call.
struct Before {
    int256[] available; // of each account
    int256[] locked;
    int256 burned;
    uint256[] cover; // of each worker
    uint256[] stake; // bonded and unbonding
    uint256[] score;
}

/// @dev What a call may move at most.
struct Expected {
    int256[] available; // of each account, without what workers earn
    uint256 released; // of locks, slashes apart
    uint256 burned; // slashes apart
    uint256 lost; // by slashes
    uint256[] agreed; // votes of each worker for what was accepted
    uint256[] differing; // stakes of its other votes
    uint256[] withheld; // of those, stakes of kept votes that were not opened in time
}

/// @title Referee
/// @notice Looks at balances, bonds and scores before and after a call, and says what should not have happened. Numbers
/// are those of docs/invariants.md.
abstract contract Referee is Voters {
    uint256 private constant BURN_DIVISOR = 100;

    /// @notice How often a task was announced as settled, and what its receiver heard of it.
    mapping(bytes32 taskId => uint256) public timesSettled;
    mapping(bytes32 taskId => uint256) private _timesHeard;
    mapping(bytes32 taskId => mapping(address worker => uint256)) private _timesWithheld;
    mapping(address worker => bool) private _withheldNow;
    /// @notice Events of settles, by first topic; for skipped tasks by reason as well.
    mapping(bytes32 outcome => uint256) public seen;
    /// @notice Tasks of a deal that were settled, and that were refunded.
    mapping(bytes32 dealId => uint256) public settledTasks;
    mapping(bytes32 dealId => uint256) public refundedTasks;
    /// @notice What was burned for good.
    uint256 public swept;
    /// @notice Each worker's score, moved by settles alone.
    uint256[] public scores = new uint256[](WORKERS);
    /// @notice What may yet be lost by the votes of a lane's sealed epoch.
    mapping(uint8 lane => uint256[]) internal _backing;

    function _look(uint256 until) internal view returns (Before memory before) {
        address[] memory all = accounts();
        (before.available, before.locked) = (new int256[](all.length), new int256[](all.length));
        for (uint256 i; i < all.length; ++i) {
            (uint128 available, uint128 locked) = escrow.balanceOf(all[i]);
            (before.available[i], before.locked[i]) = (int256(uint256(available)), int256(uint256(locked)));
        }
        before.burned = int256(escrow.pendingBurn() + swept);
        (before.cover, before.stake) = (new uint256[](WORKERS), new uint256[](WORKERS));
        before.score = new uint256[](WORKERS);
        for (uint256 i; i < WORKERS; ++i) {
            (uint96 bonded, uint96 unbonding, , uint24 score) = hub.workerOf(_workers[i]);
            (before.stake[i], before.score[i]) = (uint256(bonded) + unbonding, score);
            before.cover[i] = _coverOf(i, until);
        }
    }

    function _coverOf(uint256 worker, uint256 until) internal view returns (uint256) {
        (uint96 bonded, uint96 unbonding, uint40 readyAt, ) = hub.workerOf(_workers[worker]);
        return readyAt > until ? uint256(bonded) + unbonding : bonded;
    }

    /* A SETTLE */

    function _judgeSettle(Draft memory draft, Before memory before, Vm.Log[] memory logs) internal {
        Expected memory expected;
        expected.available = new int256[](before.available.length);
        (expected.agreed, expected.differing) = (new uint256[](WORKERS), new uint256[](WORKERS));
        expected.withheld = new uint256[](WORKERS);
        for (uint256 i; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            ++seen[topic];
            if (topic == IHub.TaskSkipped.selector) ++seen[bytes32(logs[i].data)];
            if (topic == IHub.TaskSettled.selector) _expectSettled(draft, expected, logs[i]);
            if (topic == IHub.TaskKept.selector) _noteKept(logs[i]);
            if (topic == IHub.VoteWithheld.selector) _expectWithheld(draft, expected, logs[i]);
            if (topic == IHub.Slashed.selector) expected.lost += abi.decode(logs[i].data, (uint256));
            if (topic == IEscrow.Burned.selector) swept += abi.decode(logs[i].data, (uint256));
            if (topic == ReceiverMock.Received.selector) _hear(logs[i]);
        }
        _judgePosted(logs);
        Before memory later = _look(0);
        _judgeMoney(before, later, expected);
        _judgeWorkers(before, later, expected);
    }

    function _expectSettled(Draft memory draft, Expected memory expected, Vm.Log memory log) private {
        bytes32 dealId = log.topics[1];
        (uint32 index, bytes32 digest) = abi.decode(log.data, (uint32, bytes32));
        ++settledTasks[dealId];
        bytes32 taskId = DealLib.taskId(dealId, index);
        _must(++timesSettled[taskId] == 1, "I4");
        (, bytes27 votesHash) = hub.keptVotesOf(taskId);
        _must(votesHash == 0, "I24");
        uint256 number;
        for (uint256 d; d < draft.deals.length; ++d) {
            Deal memory deal = draft.deals[d];
            if (deal.id() == dealId) {
                _expectPaid(deal, expected);
                _expectVotes(draft, expected, number + index, taskId, deal.terms.workerStake(), digest == WRONG);
                _must(block.timestamp <= _settleEnd(deal), "I13");
            }
            number += deal.terms.volume();
        }
        delete _kept[taskId];
    }

    function _expectPaid(Deal memory deal, Expected memory expected) private view {
        uint256 burned = deal.poolMoney.price() / BURN_DIVISOR;
        uint256 price = deal.assetPrices.app() + deal.assetPrices.dataset() + deal.poolMoney.price();
        expected.released += price + deal.poolMoney.stake();
        expected.burned += burned;
        expected.available[_numberOf(deal.appOwner)] += int256(deal.assetPrices.app());
        if (deal.dataset != 0) expected.available[_numberOf(deal.datasetOwner)] += int256(deal.assetPrices.dataset());
        uint256 part = (deal.poolMoney.price() * deal.terms.schedulerShare()) / 10_000;
        if (part > deal.poolMoney.price() - burned) part = deal.poolMoney.price() - burned;
        expected.available[_numberOf(deal.poolOwner)] += int256(deal.poolMoney.stake() + part);
    }

    /// @dev A kept vote stands; a worker's next one for the task does not count.
    function _expectVotes(
        Draft memory draft,
        Expected memory expected,
        uint256 number,
        bytes32 taskId,
        uint256 stake,
        bool wrong
    ) private view {
        for (uint256 i; i < WORKERS; ++i) {
            uint256 kept = _keptOf(taskId, _workers[i]);
            bool isWrong = _digestOf(draft.votes, number, i, 0) == WRONG;
            if (kept == 0 && !_hasVote(draft.votes, number, i)) continue;
            if (kept != 0) {
                KeptVote memory vote = _kept[taskId][kept - 1];
                // What is not opened, is withheld: another event says so.
                if (vote.isSealed && !_opensKept(draft.votes, number)) continue;
                isWrong = _isKeptWrong(vote, taskId);
            }
            if (wrong == isWrong) ++expected.agreed[i];
            else expected.differing[i] += stake;
        }
    }

    /// @dev A kept vote is withheld once, ten minutes after it was kept, unless it was opened on chain.
    function _expectWithheld(Draft memory draft, Expected memory expected, Vm.Log memory log) private {
        bytes32 taskId = log.topics[1];
        address worker = abi.decode(log.data, (address));
        uint256 kept = _keptOf(taskId, worker);
        bool isSealed = kept != 0 && _kept[taskId][kept - 1].isSealed;
        _must(isSealed && !hub.isOpened(_kept[taskId][kept - 1].word), "I23");
        _must(++_timesWithheld[taskId][worker] == 1, "I23");
        for (uint256 d; d < draft.deals.length; ++d) {
            for (uint32 index; index < draft.deals[d].terms.volume(); ++index) {
                if (DealLib.taskId(draft.deals[d].id(), index) != taskId) continue;
                expected.differing[_numberOfWorker(worker)] += draft.deals[d].terms.workerStake();
                expected.withheld[_numberOfWorker(worker)] += draft.deals[d].terms.workerStake();
                _withheldNow[worker] = true;
            }
        }
    }

    function _hear(Vm.Log memory log) private {
        (, bytes32 dealId, uint32 index, , ) = abi.decode(log.data, (bytes32, bytes32, uint32, bytes, uint256));
        bytes32 taskId = DealLib.taskId(dealId, index);
        _must(++_timesHeard[taskId] == 1 && timesSettled[taskId] == 1, "I14");
    }

    /// @dev Dust and rewards apart, everybody gets to the wei what the deals say; all together get all of it.
    function _judgeMoney(Before memory before, Before memory later, Expected memory expected) private {
        (int256 paid, int256 released, int256 rewards) = (0, 0, 0);
        for (uint256 i; i < before.available.length; ++i) {
            int256 change = later.available[i] - before.available[i];
            rewards += change - expected.available[i];
            paid += change;
            released += before.locked[i] - later.locked[i];
            // Only workers and pool owners share what is left of the pool price.
            bool shares = i >= accounts().length - WORKERS || accounts()[i] == POOL_OWNER || accounts()[i] == BUYER;
            _must(shares ? change >= expected.available[i] : change == expected.available[i], "I12");
        }
        int256 burned = later.burned - before.burned;
        _must(paid + burned == released, "I10");
        _must(released == int256(expected.released + expected.lost), "I10");
        _must(burned == int256(expected.burned + expected.lost), "I10");
        _must(rewards >= 0, "I10");
    }

    function _judgeWorkers(Before memory before, Before memory later, Expected memory expected) private {
        for (uint256 i; i < WORKERS; ++i) {
            uint256 lost = before.stake[i] - later.stake[i];
            _must(lost <= before.cover[i], "I16");
            _must(lost <= expected.differing[i], "I15");
            _must(lost >= expected.withheld[i] || lost == before.cover[i], "I23");
            uint256 most = before.score[i] + expected.agreed[i];
            if (_withheldNow[_workers[i]]) _must(later.score[i] <= (most * 2) / 3, "I23");
            delete _withheldNow[_workers[i]];
            _must(later.score[i] <= most, "I15");
            scores[i] = later.score[i];
            for (uint8 lane; lane < LANES; ++lane) {
                if (_backing[lane].length == 0) continue;
                _backing[lane][i] = lost < _backing[lane][i] ? _backing[lane][i] - lost : 0;
            }
        }
    }

    /* A REFUND */

    /// @dev All open tasks of the deal were closed; `stakeBack` says whether the pool has its stake back.
    function _judgeRefund(Deal memory deal, uint256 tasks, bool stakeBack, Before memory before) internal {
        refundedTasks[deal.id()] += tasks;
        Before memory later = _look(0);
        int256 price = int256((deal.assetPrices.app() + deal.assetPrices.dataset() + deal.poolMoney.price()) * tasks);
        int256 stake = int256(deal.poolMoney.stake() * tasks);
        (uint256 payer, uint256 pool) = (_numberOf(deal.payer), _numberOf(deal.poolOwner));
        _must(later.available[payer] - before.available[payer] == price, "I10");
        _must(before.locked[payer] - later.locked[payer] == price, "I10");
        _must(later.available[pool] - before.available[pool] == (stakeBack ? stake : int256(0)), "I10");
        _must(later.burned - before.burned == (stakeBack ? int256(0) : stake), "I10");
    }

    /// @dev What settles, declines and claims post lowers what is locked.
    function _judgePosted(Vm.Log[] memory logs) internal {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IEscrow.Posted.selector) continue;
            (, int128 locked) = abi.decode(logs[i].data, (int128, int128));
            _must(locked <= 0, "I11");
        }
    }

    function _settleEnd(Deal memory deal) internal pure returns (uint256) {
        return _deadline(deal) + EpochLib.WINDOW;
    }

    function _deadline(Deal memory deal) internal pure returns (uint256) {
        return uint256(deal.terms.openedAt()) + 10 * [uint256(300), 1200, 3600, 10_800, 36_000][deal.terms.category()];
    }

    function _numberOf(address account) private view returns (uint256 number) {
        address[] memory all = accounts();
        while (all[number] != account) ++number;
    }
}
