// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IHub} from "../interfaces/IHub.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {Tallies} from "../libraries/Tallies.sol";
import {TaskStream} from "../libraries/TaskStream.sol";
import {OpenedBallot} from "../types/Ballot.sol";
import {Deal} from "../types/Deal.sol";
import {KeptBookLib} from "../types/KeptVotes.sol";
import {PoolMoney} from "../types/PoolMoney.sol";
import {Cheats} from "./Cheats.sol";
import {Draft} from "./Voters.sol";

/// @title RoundCheats
/// @notice An operator that settles something else than its workers sealed. Each is tried on a sealed epoch, which stays.
abstract contract RoundCheats is Cheats {
    /// @dev Of a packed task: header, two digests; then the kept votes and the new ones.
    uint256 private constant VOTES_AT = 73;
    uint256 private constant KEPT_COUNT_AT = 7;
    uint256 private constant NEW_COUNT_AT = 8;

    /* VOTES */

    function cheatWithWrongSecret(uint256 any) external {
        uint256 word = _roll(any);
        Draft memory draft = _sealedDraft(word);
        OpenedBallot memory ballot = draft.ballots[word % draft.ballots.length];
        // A ballot that is not opened has no secret to be wrong.
        vm.assume(ballot.secret != 0);
        ballot.secret = bytes32(word);
        _refusedSettle(draft, IHub.HubBallotSignature.selector);
    }

    function cheatWithForgedSignature(uint256 any) external {
        uint256 word = _roll(any);
        Draft memory draft = _sealedDraft(word);
        OpenedBallot memory ballot = draft.ballots[word % draft.ballots.length];
        OpenedBallot memory other = draft.ballots[(word + 1) % draft.ballots.length];
        // Of whom there are kept votes alone, no signature is needed.
        vm.assume(ballot.r != 0 && other.r != 0);
        if (word & 64 == 0) (ballot.r, ballot.vs) = (other.r, other.vs);
        else ballot.r ^= bytes32(uint256(1));
        _refusedSettle(draft, IHub.HubBallotSignature.selector);
    }

    /// @dev Another group, or another seal of a vote that is not opened.
    function cheatWithChangedVote(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        uint256 group = _newVotesAt(draft.tasks, 0) + 2;
        bool isSealed = uint8(draft.tasks[group]) == SEALED_VOTE;
        draft.tasks[isSealed ? group + 1 : group] ^= 0x01;
        _refusedSettle(draft, IHub.HubBallotSignature.selector);
    }

    function cheatWithVoteTwice(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        uint256 at = _newVotesAt(draft.tasks, 0);
        uint256 end = at + _voteBytes(draft.tasks, at);
        bytes memory vote = _slice(draft.tasks, at, end);
        draft.tasks = bytes.concat(_slice(draft.tasks, 0, end), vote, _slice(draft.tasks, end, draft.tasks.length));
        draft.tasks[NEW_COUNT_AT] = bytes1(uint8(draft.tasks[NEW_COUNT_AT]) + 1);
        _refusedSettle(draft, Tallies.HubVotesUnsorted.selector);
    }

    /* TASKS */

    function cheatWithTaskTwice(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        bytes memory first = _slice(draft.tasks, 0, _taskEnd(draft.tasks, 0));
        draft.tasks = bytes.concat(first, draft.tasks);
        _refusedSettle(draft, TaskStream.HubTasksUnsorted.selector);
    }

    function cheatWithTaskLeftOut(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        bytes memory tasks = draft.tasks;
        draft.tasks = _slice(tasks, _taskEnd(tasks, 0), tasks.length);
        bytes4 problem = _problemWithoutFirst(tasks, _named(draft));
        if (draft.deals[0].callback != address(0)) problem = Settlement.HubCallbackCount.selector;
        _refusedSettle(draft, problem);
    }

    function cheatWithIndexTooHigh(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        uint256 last = _lastTask(draft.tasks);
        draft.tasks[last + 2] = 0xff;
        _refusedSettle(draft, Settlement.HubIndexTooHigh.selector);
    }

    function cheatWithTruncatedTasks(uint256 any) external {
        uint256 word = _roll(any);
        Draft memory draft = _sealedDraft(word);
        draft.tasks = _slice(draft.tasks, 0, draft.tasks.length - 1 - (word & 3 == 0 ? 0 : word & 1));
        _refusedSettle(draft, TaskStream.HubStreamTruncated.selector);
    }

    function cheatWithExtraPreimage(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        bytes[] memory more = new bytes[](draft.callbacks.length + 1);
        for (uint256 i; i < draft.callbacks.length; ++i) {
            more[i] = draft.callbacks[i];
        }
        draft.callbacks = more;
        _refusedSettle(draft, Settlement.HubCallbackCount.selector);
    }

    /* KEPT VOTES */

    function cheatWithKeptVoteLeftOut(uint256 any) external {
        Draft memory draft = _keptDraft(any);
        uint256 end = VOTES_AT + _voteBytes(draft.tasks, VOTES_AT);
        bytes memory rest = _slice(draft.tasks, end, draft.tasks.length);
        draft.tasks = bytes.concat(_slice(draft.tasks, 0, VOTES_AT), rest);
        draft.tasks[KEPT_COUNT_AT] = bytes1(uint8(draft.tasks[KEPT_COUNT_AT]) - 1);
        _refusedSettle(draft, KeptBookLib.HubKeptVotesMismatch.selector);
    }

    function cheatWithKeptVoteTwice(uint256 any) external {
        Draft memory draft = _keptDraft(any);
        uint256 end = VOTES_AT + _voteBytes(draft.tasks, VOTES_AT);
        draft.tasks = bytes.concat(_slice(draft.tasks, 0, end), _slice(draft.tasks, VOTES_AT, draft.tasks.length));
        draft.tasks[KEPT_COUNT_AT] = bytes1(uint8(draft.tasks[KEPT_COUNT_AT]) + 1);
        _refusedSettle(draft, KeptBookLib.HubKeptVotesMismatch.selector);
    }

    /// @dev Opened with another digest than was sealed.
    function cheatWithFalseOpening(uint256 any) external {
        Draft memory draft = _keptDraft(any);
        draft.tasks[VOTES_AT + 2] ^= 0x01;
        _refusedSettle(draft, KeptBookLib.HubKeptVotesMismatch.selector);
    }

    /* DEALS */

    function cheatWithDealTwice(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        uint256 count = draft.deals.length;
        Deal[] memory more = new Deal[](count + 1);
        for (uint256 i; i <= count; ++i) {
            more[i] = draft.deals[i < count ? i : count - 1];
        }
        draft.deals = more;
        bytes memory again = _slice(draft.tasks, _lastTask(draft.tasks), draft.tasks.length);
        again[1] = bytes1(uint8(count));
        draft.tasks = bytes.concat(draft.tasks, again);
        _refusedSettle(draft, Settlement.HubDealsUnsorted.selector);
    }

    function cheatWithDealLeftOut(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        Deal[] memory less = new Deal[](draft.deals.length - 1);
        for (uint256 i; i < less.length; ++i) {
            less[i] = draft.deals[i];
        }
        draft.deals = less;
        _refusedSettle(draft, Settlement.HubDealUnknown.selector);
    }

    /// @dev A dearer deal is another deal, which nobody opened.
    function cheatWithChangedDeal(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        uint256 last = draft.deals.length - 1;
        PoolMoney money = draft.deals[last].poolMoney;
        draft.deals[last].poolMoney = PoolMoney.wrap(PoolMoney.unwrap(money) + (1 << 128));
        bytes32 previous = last == 0 ? bytes32(0) : draft.deals[last - 1].id();
        bool sorted = draft.deals[last].id() > previous;
        _refusedSettle(draft, sorted ? IHub.HubBallotSignature.selector : Settlement.HubDealsUnsorted.selector);
    }

    /// @dev What was sealed in one lane, where another one is to be settled.
    function cheatWithOtherLane(uint256 any) external {
        uint256 word = _roll(any);
        Draft memory draft = _sealedDraft(word);
        uint8 other = (draft.lane + 1) % LANES;
        if (!_isPending(other)) _seal(other, word, type(uint40).max);
        _passSecond(other);
        draft.lane = other;
        _refusedSettle(draft, Settlement.HubWrongLane.selector);
    }

    /* BALLOTS */

    function cheatWithBallotsSwapped(uint256 any) external {
        uint256 word = _roll(any);
        Draft memory draft = _sealedDraft(word);
        OpenedBallot[] memory ballots = draft.ballots;
        if (word & 64 == 0) ballots[1] = ballots[0];
        else (ballots[0], ballots[1]) = (ballots[1], ballots[0]);
        _refusedSettle(draft, IHub.HubBallotsUnsorted.selector);
    }

    function cheatWithBallotLeftOut(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        OpenedBallot[] memory less = new OpenedBallot[](draft.ballots.length - 1);
        for (uint256 i; i < less.length; ++i) {
            less[i] = draft.ballots[i];
        }
        draft.ballots = less;
        _refusedSettle(draft, Tallies.HubBallotUnknown.selector);
    }

    /// @dev Of somebody who sealed nothing.
    function cheatWithForeignBallot(uint256 any) external {
        Draft memory draft = _sealedDraft(_roll(any));
        uint256 count = draft.ballots.length;
        OpenedBallot[] memory more = new OpenedBallot[](count + 1);
        for (uint256 i; i < count; ++i) {
            more[i] = draft.ballots[i];
        }
        more[count] = draft.ballots[0];
        more[count] = OpenedBallot(address(type(uint160).max), type(uint40).max, 0, 0, 0);
        draft.ballots = more;
        _refusedSettle(draft, IHub.HubBallotEmpty.selector);
    }

    /* INTERNAL */

    /// @dev What may be settled now.
    function _sealedDraft(uint256 word) internal returns (Draft memory) {
        uint8 lane = _pendingLane(word);
        _passSecond(lane);
        return _roundOf(lane);
    }

    /// @dev One whose first task has kept votes, of which the first is opened now.
    function _keptDraft(uint256 any) private returns (Draft memory) {
        uint256 word = _roll(any);
        (Deal memory deal, uint8 lane) = _keepVotes(word, 0);
        _sealDeals(lane, _openingKept(_withoutSilence(word), true), _only(deal), type(uint40).max);
        _passSecond(lane);
        return _roundOf(lane);
    }

    function _refusedSettle(Draft memory draft, bytes4 problem) internal {
        _refused(_operator(), address(hub), _settleCall(draft), problem);
    }

    function _settleCall(Draft memory draft) internal view returns (bytes memory) {
        return abi.encodeCall(hub.settle, (1, draft.lane, draft.deals, draft.tasks, draft.ballots, draft.callbacks));
    }

    /* PRIVATE: PACKED TASKS */

    function _voteBytes(bytes memory tasks, uint256 at) private pure returns (uint256) {
        return uint8(tasks[at + 2]) >= 128 ? 35 : 3;
    }

    function _newVotesAt(bytes memory tasks, uint256 at) private pure returns (uint256 place) {
        place = at + VOTES_AT;
        for (uint256 votes = uint8(tasks[at + KEPT_COUNT_AT]); votes > 0; --votes) {
            place += _voteBytes(tasks, place);
        }
    }

    function _taskEnd(bytes memory tasks, uint256 at) private pure returns (uint256 end) {
        end = _newVotesAt(tasks, at);
        for (uint256 votes = uint8(tasks[at + NEW_COUNT_AT]); votes > 0; --votes) {
            end += _voteBytes(tasks, end);
        }
    }

    /// @dev Whether every ballot has a vote somewhere, be it a kept one.
    /// @dev The first ballot that lacks a vote of the first task decides: it is empty, or its worker signed more than is left.
    function _problemWithoutFirst(bytes memory tasks, bool[] memory named) private pure returns (bytes4) {
        uint256 first = named.length;
        for (uint256 at = _newVotesAt(tasks, 0); at < _taskEnd(tasks, 0); at += _voteBytes(tasks, at)) {
            if (uint8(tasks[at + 1]) < first) first = uint8(tasks[at + 1]);
        }
        for (uint256 i; i < named.length && i <= first; ++i) {
            if (!named[i]) return IHub.HubBallotEmpty.selector;
        }
        return IHub.HubBallotSignature.selector;
    }

    function _named(Draft memory draft) private pure returns (bool[] memory named) {
        named = new bool[](draft.ballots.length);
        uint256 at;
        while (at < draft.tasks.length) {
            uint256 end = _taskEnd(draft.tasks, at);
            for (at += VOTES_AT; at < end; at += _voteBytes(draft.tasks, at)) {
                named[uint8(draft.tasks[at + 1])] = true;
            }
        }
    }

    function _lastTask(bytes memory tasks) private pure returns (uint256 at) {
        while (_taskEnd(tasks, at) < tasks.length) at = _taskEnd(tasks, at);
    }

    function _slice(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i; i < part.length; ++i) {
            part[i] = data[from + i];
        }
    }
}
