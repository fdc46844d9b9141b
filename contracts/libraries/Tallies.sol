// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IHub} from "../interfaces/IHub.sol";
import {BallotLib} from "../types/Ballot.sol";
import {KeptBook, KeptRecord, KeptVote} from "../types/KeptVotes.sol";
import {OpenDeal, Round, Tally, Voter} from "../types/Round.sol";
import {Consensus} from "./Consensus.sol";
import {TaskRecord, TaskStream} from "./TaskStream.sol";

/// @title Tallies
/// @notice Reads the votes of one task, finds the answer that they agree on, and what each of them earns or loses.
library Tallies {
    using TaskStream for TaskRecord;

    uint256 internal constant NO_GROUP = type(uint256).max;

    /// @notice The votes of a task ascend by ballot.
    error HubVotesUnsorted(uint256 ballot);
    /// @notice A vote names a ballot that the call does not bring.
    error HubBallotUnknown(uint256 ballot);

    /// @notice Forgets the votes of the task before.
    function reset(Round memory round) internal pure {
        Tally memory tally = round.tally;
        tally.hasSealed = false;
        tally.count = 0;
        tally.keptCount = 0;
        tally.weightless = 0;
        tally.decided = NO_GROUP;
        for (uint256 i; i < round.task.groups; ++i) {
            tally.groupWeights[i] = 0;
        }
    }

    /// @notice Reads the kept votes of the task, which are in no ballot, and counts them where it is `live`.
    function readKept(
        Round memory round,
        KeptBook storage book,
        bytes32 taskId,
        bytes calldata stream,
        bool live
    ) internal {
        KeptRecord memory record = book.records[taskId];
        KeptVote[] memory votes = new KeptVote[](round.task.kept);
        for (uint256 i; i < votes.length; ++i) {
            uint256 ballot;
            uint256 group;
            (ballot, group, votes[i]) = _readKeptVote(round, taskId, stream);
            if (live) _addKept(round, book, record, taskId, ballot, group, votes[i].word);
        }
        if (!live) return;
        record.check(taskId, votes);
        round.tally.keptCount = round.tally.count;
        round.tally.decided = accepted(round);
    }

    /// @notice Reads the new votes of the task. Each rolls into its ballot and uses up its stake; one beyond its worker's
    /// cover counts for nothing, since otherwise a slash elsewhere could make the whole call fail, and so does a second
    /// one of a worker of whom one is kept.
    function read(Round memory round, bytes32 taskId, bytes calldata stream) internal pure {
        TaskRecord memory task = round.task;
        Voter[] memory voters = round.voters;
        uint256 lowest;
        for (uint256 i = task.votes; i != 0; --i) {
            (uint256 ballot, uint256 group) = task.readVote(stream);
            if (ballot < lowest) revert HubVotesUnsorted(ballot);
            if (ballot >= voters.length) revert HubBallotUnknown(ballot);
            unchecked {
                lowest = ballot + 1;
            }
            Voter memory voter = voters[ballot];
            bytes32 sealedVote =
                group == TaskStream.SEALED
                    ? task.readWord(stream)
                    : BallotLib.sealOf(voter.worker, taskId, task.digestOf(stream, group), voter.secret);
            voter.votesHash = BallotLib.roll(voter.votesHash, taskId, sealedVote);
            // Whether or not the vote counts: the cover that is left follows from what was sealed alone.
            bool covered = _useCover(voter, round.deal.workerStake);
            if (task.kept != 0 && voter.keptTask == taskId) continue;
            if (covered) _add(round, voter, ballot, group, sealedVote);
        }
    }

    /// @notice The accepted group, or {NO_GROUP}. A task with a sealed vote has none.
    function accepted(Round memory round) internal pure returns (uint256 group) {
        Tally memory tally = round.tally;
        if (tally.hasSealed) return NO_GROUP;
        uint256 groups = round.task.groups;
        uint256 total = 1;
        // 32 weights of at most 127 multiply to less than 2^224: see {Consensus}.
        unchecked {
            for (group = 0; group < groups; ++group) {
                total += tally.groupWeights[group];
            }
        }
        for (group = 0; group < groups; ++group) {
            if (Consensus.isAccepted(tally.groupWeights[group], total, round.deal.trust)) return group;
        }
        return NO_GROUP;
    }

    /// @notice The votes that are counted, as they are kept when the task stays open.
    function toKeep(Round memory round, bytes calldata stream) internal pure returns (KeptVote[] memory votes) {
        Tally memory tally = round.tally;
        votes = new KeptVote[](tally.count);
        for (uint256 i; i < votes.length; ++i) {
            uint256 group = tally.groups[i];
            bool isSealed = group == TaskStream.SEALED;
            votes[i].worker = round.voters[tally.voters[i]].worker;
            votes[i].isSealed = isSealed;
            votes[i].word = isSealed ? tally.seals[i] : round.task.digestOf(stream, group);
        }
    }

    /// @notice Pays those who voted for `group` and slashes the others. Where the kept votes alone had decided, later ones
    /// for the same answer earn nothing: it could be read.
    function reward(Round memory round, uint256 group) internal pure {
        Tally memory tally = round.tally;
        OpenDeal memory deal = round.deal;
        uint256 earning = tally.decided == group ? tally.keptCount : tally.count;
        (uint256 shares, uint256 agreeing) = _shareOut(round, group, earning);
        bool raises = deal.raisesScores && agreeing > 1;
        uint256 left = deal.workersPart;
        // What is earned is part of an escrow's 128 bits, what is lost part of a cover; shares are at most 6 a vote.
        unchecked {
            for (uint256 i; i < tally.count; ++i) {
                Voter memory voter = round.voters[tally.voters[i]];
                if (tally.groups[i] == group) {
                    if (i >= earning || _isWeightless(tally, i)) continue;
                    uint256 part = (deal.workersPart * voter.shares) / shares;
                    voter.earned += part;
                    left -= part;
                    if (raises) ++voter.agreed;
                } else {
                    voter.lost += deal.workerStake;
                    ++voter.differed;
                }
            }
            deal.dust += left;
        }
    }

    function _readKeptVote(
        Round memory round,
        bytes32 taskId,
        bytes calldata stream
    ) private pure returns (uint256 ballot, uint256 group, KeptVote memory vote) {
        bool isOpened;
        (ballot, group, isOpened) = round.task.readKeptVote(stream);
        if (ballot >= round.voters.length) revert HubBallotUnknown(ballot);
        Voter memory voter = round.voters[ballot];
        voter.keptTask = taskId;
        vote.worker = voter.worker;
        vote.isSealed = isOpened || group == TaskStream.SEALED;
        if (group == TaskStream.SEALED) {
            vote.word = round.task.readWord(stream);
        } else {
            vote.word = round.task.digestOf(stream, group);
            if (isOpened) vote.word = BallotLib.sealOf(voter.worker, taskId, vote.word, round.task.readWord(stream));
        }
    }

    /// @dev Counts a kept vote, or takes what a lie costs for one that is overdue. It uses up no cover, since it is for the
    /// operator to say which kept tasks it names: else it could let a vote that it dislikes go without. One whose worker has
    /// lost its cover weighs nothing, but still loses what is left.
    function _addKept(
        Round memory round,
        KeptBook storage book,
        KeptRecord memory record,
        bytes32 taskId,
        uint256 ballot,
        uint256 group,
        bytes32 word
    ) private {
        Voter memory voter = round.voters[ballot];
        if (group != TaskStream.SEALED || !record.isOverdue() || book.isOpened[word]) {
            if (voter.cover >= round.deal.workerStake) _add(round, voter, ballot, group, word);
            else _addWeightless(round.tally, ballot, group, word);
            return;
        }
        voter.lost += round.deal.workerStake;
        ++voter.differed;
        emit IHub.VoteWithheld(taskId, voter.worker);
    }

    function _useCover(Voter memory voter, uint256 stake) private pure returns (bool covered) {
        // No more is ever used than there is.
        unchecked {
            covered = voter.cover - voter.used >= stake;
            if (covered) voter.used += stake;
        }
    }

    function _add(
        Round memory round,
        Voter memory voter,
        uint256 ballot,
        uint256 group,
        bytes32 sealedVote
    ) private pure {
        Tally memory tally = round.tally;
        _enter(tally, ballot, group, sealedVote);
        if (group == TaskStream.SEALED) return;
        _weigh(voter, round.deal.maxWeight);
        uint256 product = tally.groupWeights[group];
        unchecked {
            tally.groupWeights[group] = product == 0 ? voter.weight : product * voter.weight;
        }
    }

    function _addWeightless(Tally memory tally, uint256 ballot, uint256 group, bytes32 sealedVote) private pure {
        tally.weightless |= 1 << tally.count;
        _enter(tally, ballot, group, sealedVote);
    }

    function _enter(Tally memory tally, uint256 ballot, uint256 group, bytes32 sealedVote) private pure {
        uint256 place = tally.count;
        tally.voters[place] = ballot;
        tally.groups[place] = group;
        unchecked {
            tally.count = place + 1;
        }
        if (group == TaskStream.SEALED) {
            tally.hasSealed = true;
            tally.seals[place] = sealedVote;
        }
    }

    function _isWeightless(Tally memory tally, uint256 place) private pure returns (bool) {
        return tally.weightless & (1 << place) != 0;
    }

    function _weigh(Voter memory voter, uint256 maxWeight) private pure {
        if (voter.maxWeight == maxWeight) return;
        voter.maxWeight = maxWeight;
        voter.weight = Consensus.weightOf(voter.score, maxWeight);
        voter.shares = Consensus.sharesOf(voter.weight);
    }

    /// @dev Among the first `count` votes.
    function _shareOut(
        Round memory round,
        uint256 group,
        uint256 count
    ) private pure returns (uint256 shares, uint256 agreeing) {
        Tally memory tally = round.tally;
        unchecked {
            for (uint256 i; i < count; ++i) {
                if (tally.groups[i] != group || _isWeightless(tally, i)) continue;
                shares += round.voters[tally.voters[i]].shares;
                ++agreeing;
            }
        }
    }
}
