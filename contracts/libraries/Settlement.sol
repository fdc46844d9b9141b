// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";

import {IHub} from "../interfaces/IHub.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {DealBook} from "../types/DealBook.sol";
import {KeptVote} from "../types/KeptVotes.sol";
import {DueCallback, OpenDeal, Round, SkipReason} from "../types/Round.sol";
import {Terms} from "../types/Terms.sol";
import {Callbacks} from "./Callbacks.sol";
import {Book, Ledger} from "./Ledger.sol";
import {Payments} from "./Payments.sol";
import {Tallies} from "./Tallies.sol";
import {TaskRecord, TaskStream} from "./TaskStream.sol";

/// @title Settlement
/// @notice The tasks of one settle, one after the other. What a stranger, a reorganisation or time can change about a
/// task skips it; only what the operator could know for certain reverts. Otherwise anybody could make a settle fail
/// after its votes were opened for all to see.
library Settlement {
    using Ledger for Book;
    using TaskStream for TaskRecord;

    /// @dev Tasks below this pool price raise no score: reputation costs something.
    uint256 private constant SCORING_PRICE = 1 ether;

    /// @notice The deal belongs to another pool or lane.
    error HubWrongLane(uint256 pool, uint8 lane);
    /// @notice Deals ascend by id.
    error HubDealsUnsorted(bytes32 dealId);
    /// @notice A task names a deal that the call does not bring.
    error HubDealUnknown(uint256 dealIndex);
    /// @notice The deal has only `volume` tasks.
    error HubIndexTooHigh(bytes32 dealId, uint256 index, uint256 volume);
    /// @notice There are more or fewer preimages than tasks with a callback.
    error HubCallbackCount(uint256 given, uint256 wanted);

    /// @notice Settles, skips or leaves open every task of the stream; what is owed gathers in the round.
    function settleTasks(
        Round memory round,
        DealBook storage dealBook,
        Deal[] calldata deals,
        bytes calldata stream,
        bytes[] calldata preimages
    ) internal {
        // All that outlives a task has its place in memory by now: what a task adds is used again by the next.
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        while (round.task.next < stream.length) {
            Memory.unsafeSetFreeMemoryPointer(free);
            round.task.advance(stream);
            if (round.task.dealIndex + 1 != round.deal.number) {
                _closeDeal(round, dealBook, deals);
                _openDeal(round, dealBook, deals);
            }
            _settleTask(round, dealBook, deals, stream, preimages);
        }
        _closeDeal(round, dealBook, deals);
        if (round.callbacksRead != preimages.length) revert HubCallbackCount(preimages.length, round.callbacksRead);
    }

    function _settleTask(
        Round memory round,
        DealBook storage dealBook,
        Deal[] calldata deals,
        bytes calldata stream,
        bytes[] calldata preimages
    ) private {
        OpenDeal memory deal = round.deal;
        uint32 index = round.task.index;
        if (index >= deal.volume) revert HubIndexTooHigh(deal.id, index, deal.volume);
        bytes32 taskId = DealLib.taskId(deal.id, index);
        uint256 preimage = deal.hasCallback ? round.callbacksRead++ : 0;
        SkipReason reason = _skipReason(round, dealBook, deals);
        _readVotes(round, dealBook, taskId, stream, reason == SkipReason.NONE);
        if (reason != SkipReason.NONE) {
            emit IHub.TaskSkipped(taskId, uint8(reason));
            return;
        }
        uint256 group = Tallies.accepted(round);
        if (
            group == Tallies.NO_GROUP || (deal.hasCallback && !_hasPreimage(round, stream, group, preimages, preimage))
        ) {
            _keep(round, dealBook, taskId, stream);
            return;
        }
        if (round.task.kept != 0) dealBook.kept.forget(taskId);
        dealBook.closeTask(deal.id, deal.slot, index, deal.volume);
        ++deal.settled;
        Tallies.reward(round, group);
        emit IHub.TaskSettled(deal.id, index, round.task.digestOf(stream, group));
    }

    function _readVotes(
        Round memory round,
        DealBook storage dealBook,
        bytes32 taskId,
        bytes calldata stream,
        bool live
    ) private {
        Tallies.reset(round);
        if (round.task.kept != 0 || round.deal.slot.hasKeptVotes) {
            Tallies.readKept(round, dealBook.kept, taskId, stream, live);
        }
        Tallies.read(round, taskId, stream);
    }

    function _keep(Round memory round, DealBook storage dealBook, bytes32 taskId, bytes calldata stream) private {
        OpenDeal memory deal = round.deal;
        KeptVote[] memory votes = Tallies.toKeep(round, stream);
        dealBook.keepVotes(deal.id, deal.slot, taskId, votes);
        emit IHub.TaskKept(deal.id, round.task.index, votes);
    }

    /// @dev Whether the task can settle as far as its callback is concerned; notes the call to make.
    function _hasPreimage(
        Round memory round,
        bytes calldata stream,
        uint256 group,
        bytes[] calldata preimages,
        uint256 preimage
    ) private pure returns (bool) {
        if (preimage >= preimages.length) revert HubCallbackCount(preimages.length, round.callbacksRead);
        bytes32 digest = round.task.digestOf(stream, group);
        if (Callbacks.isFailure(preimages[preimage], digest)) return true;
        if (!Callbacks.isResult(preimages[preimage], digest)) return false;
        DueCallback memory due = round.callbacks[round.callbackCount++];
        due.deal = round.task.dealIndex;
        due.dealId = round.deal.id;
        due.index = round.task.index;
        due.data = preimage;
        return true;
    }

    function _openDeal(Round memory round, DealBook storage dealBook, Deal[] calldata deals) private view {
        uint256 dealIndex = round.task.dealIndex;
        if (dealIndex >= deals.length) revert HubDealUnknown(dealIndex);
        Deal calldata deal = deals[dealIndex];
        Terms terms = deal.terms;
        if (deal.pool != round.pool || terms.lane() != round.lane) revert HubWrongLane(deal.pool, terms.lane());
        bytes32 dealId = deal.idOf();
        if (dealId <= round.deal.id) revert HubDealsUnsorted(dealId);

        OpenDeal memory opened = round.deal;
        opened.number = dealIndex + 1;
        opened.id = dealId;
        dealBook.load(dealId, opened.slot);
        opened.hasCallback = deal.callback != address(0);
        opened.raisesScores = deal.poolMoney.price() >= SCORING_PRICE;
        opened.trust = terms.trust();
        opened.maxWeight = terms.maxWeight();
        opened.volume = terms.volume();
        opened.workerStake = terms.workerStake();
        opened.settled = 0;
        opened.dust = 0;
        opened.skip = _dealSkipReason(round, deal);
        (opened.schedulerPart, opened.workersPart) = Payments.split(deal);
    }

    function _dealSkipReason(Round memory round, Deal calldata deal) private pure returns (SkipReason) {
        if (!round.deal.slot.open) return SkipReason.DEAL_NOT_OPEN;
        if (round.sealedAt <= deal.graceEnd()) return SkipReason.IN_GRACE;
        if (round.sealedAt > deal.deadline()) return SkipReason.LATE;
        return SkipReason.NONE;
    }

    function _skipReason(
        Round memory round,
        DealBook storage dealBook,
        Deal[] calldata deals
    ) private view returns (SkipReason) {
        (OpenDeal memory deal, TaskRecord memory task) = (round.deal, round.task);
        if (deal.skip != SkipReason.NONE) {
            // What was kept in time may settle as long as nobody can claim.
            bool isLate = deal.skip == SkipReason.LATE && task.kept != 0;
            if (!isLate || block.timestamp > deals[task.dealIndex].claimableAfter()) return deal.skip;
        }
        return dealBook.isTaskClosed(deal.id, deal.slot, task.index) ? SkipReason.TASK_CLOSED : SkipReason.NONE;
    }

    /// @dev Writes down which tasks of the current deal are closed, and enters what they move between its parties.
    function _closeDeal(Round memory round, DealBook storage dealBook, Deal[] calldata deals) private {
        uint256 settled = round.deal.settled;
        if (settled == 0) return;
        dealBook.slots[round.deal.id] = round.deal.slot;
        Deal calldata deal = deals[round.deal.number - 1];
        Book memory book = round.book;
        // Amounts of open deals are parts of balances, which have 128 bits.
        unchecked {
            int256 stake = int256(deal.poolMoney.stake() * settled);
            int256 share = int256(round.deal.schedulerPart * settled + round.deal.dust);
            book.add(deal.payer, 0, -int256(deal.taskPrice() * settled));
            book.add(deal.poolOwner, stake + share, -stake);
            book.add(deal.appOwner, int256(deal.assetPrices.app() * settled), 0);
            book.add(deal.datasetOwner, int256(deal.assetPrices.dataset() * settled), 0);
        }
    }
}
