// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IHub} from "../interfaces/IHub.sol";
import {BallotLib} from "../types/Ballot.sol";
import {CountedGroup} from "../types/CountedGroup.sol";
import {CountedVote, CountedVoteLib} from "../types/CountedVote.sol";
import {KeptBook, KeptRecord, KeptVote} from "../types/KeptVotes.sol";
import {OpenDeal, Round, Tally, Voter} from "../types/Round.sol";
import {Consensus} from "./Consensus.sol";
import {Places} from "./Places.sol";
import {TaskRecord, TaskStream} from "./TaskStream.sol";

/// @title Tallies
/// @notice Reads the votes of one task, finds the answer that they agree on, and what each of them earns or loses.
library Tallies {
    using TaskStream for TaskRecord;
    using Places for uint256[];

    uint256 internal constant NO_GROUP = type(uint256).max;

    /// @notice The votes of a task ascend by ballot.
    error HubVotesUnsorted(uint256 ballot);
    /// @notice A vote names a ballot that the call does not bring.
    error HubBallotUnknown(uint256 ballot);

    /// @notice Makes room for the votes of a task, which those of the next will use again.
    function makeRoom(Tally memory tally) internal pure {
        tally.votes = Places.room(Consensus.MAX_VOTES);
        tally.groups = Places.room(Consensus.MAX_VOTES);
    }

    /// @notice Forgets the votes of the task before.
    function reset(Round memory round) internal pure {
        Tally memory tally = round.tally;
        tally.hasSealed = false;
        tally.count = 0;
        tally.decided = NO_GROUP;
        uint256 groups = round.task.groups;
        for (uint256 i; i < groups; ++i) {
            tally.groups.put(i, 0);
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
        round.tally.decided = accepted(round);
    }

    /// @notice Reads the new votes of the task. Each rolls into its ballot and uses up its stake; one beyond its worker's
    /// cover counts for nothing, since otherwise a slash elsewhere could make the whole call fail, and so does a second
    /// one of a worker of whom one is kept.
    function read(Round memory round, bytes32 taskId, bytes calldata stream) internal pure {
        TaskRecord memory task = round.task;
        Voter[] memory voters = round.voters;
        uint256 count = task.votes;
        uint256 lowest;
        for (uint256 i; i < count; ++i) {
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
        uint256[] memory tallied = tally.groups;
        uint256 groups = round.task.groups;
        uint256 trust = round.deal.trust;
        uint256 total = 1;
        // 32 weights of at most 127 multiply to less than 2^224: see {Consensus}.
        unchecked {
            for (group = 0; group < groups; ++group) {
                total += CountedGroup.wrap(tallied.at(group)).weight();
            }
            for (group = 0; group < groups; ++group) {
                if (Consensus.isAccepted(CountedGroup.wrap(tallied.at(group)).weight(), total, trust)) return group;
            }
        }
        return NO_GROUP;
    }

    /// @notice The votes that are counted, as they are kept when the task stays open.
    function toKeep(Round memory round, bytes calldata stream) internal pure returns (KeptVote[] memory votes) {
        Tally memory tally = round.tally;
        votes = new KeptVote[](tally.count);
        for (uint256 i; i < votes.length; ++i) {
            CountedVote vote = CountedVote.wrap(tally.votes[i]);
            bool isSealed = vote.group() == TaskStream.SEALED;
            votes[i].worker = round.voters[vote.ballot()].worker;
            votes[i].isSealed = isSealed;
            votes[i].word = isSealed ? tally.seals[i] : round.task.digestOf(stream, vote.group());
        }
    }

    /// @notice Pays those who voted for `group` and slashes the others.
    function reward(Round memory round, uint256 group) internal pure {
        Tally memory tally = round.tally;
        OpenDeal memory deal = round.deal;
        uint256[] memory votes = tally.votes;
        CountedGroup tallied = CountedGroup.wrap(tally.groups.at(group));
        uint256 shares = tallied.shares();
        uint256 raise = deal.raisesScores && tallied.earning() >= 2 ? 1 : 0;
        uint256 count = tally.count;
        uint256 left = deal.workersPart;
        // What is earned is part of an escrow's 128 bits, what is lost part of a cover; shares are at most 6 a vote.
        unchecked {
            for (uint256 i; i < count; ++i) {
                CountedVote vote = CountedVote.wrap(votes.at(i));
                Voter memory voter = round.voters[vote.ballot()];
                if (vote.group() != group) {
                    voter.lost += deal.workerStake;
                    ++voter.differed;
                } else if (vote.earns()) {
                    uint256 part = (deal.workersPart * voter.shares) / shares;
                    voter.earned += part;
                    left -= part;
                    voter.agreed += raise;
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
            else _enter(round.tally, ballot, group, word, false);
            return;
        }
        voter.lost += round.deal.workerStake;
        ++voter.differed;
        emit IHub.VoteWithheld(taskId, voter.worker);
    }

    function _useCover(Voter memory voter, uint256 stake) private pure returns (bool covered) {
        uint256 free = voter.free;
        covered = free >= stake;
        unchecked {
            if (covered) voter.free = free - stake;
        }
    }

    /// @dev A vote with cover. Where the kept votes alone had decided, later ones for the same answer earn nothing: it could
    /// be read.
    function _add(
        Round memory round,
        Voter memory voter,
        uint256 ballot,
        uint256 group,
        bytes32 sealedVote
    ) private pure {
        Tally memory tally = round.tally;
        bool earns = group != tally.decided;
        _enter(tally, ballot, group, sealedVote, earns);
        if (group == TaskStream.SEALED) return;
        _weigh(voter, round.deal.maxWeight);
        CountedGroup counted = CountedGroup.wrap(tally.groups.at(group)).add(voter.weight, voter.shares, earns);
        tally.groups.put(group, CountedGroup.unwrap(counted));
    }

    function _enter(Tally memory tally, uint256 ballot, uint256 group, bytes32 sealedVote, bool earns) private pure {
        uint256 place = tally.count;
        tally.votes.put(place, CountedVote.unwrap(CountedVoteLib.pack(ballot, group, earns)));
        unchecked {
            tally.count = place + 1;
        }
        if (group == TaskStream.SEALED) {
            if (!tally.hasSealed) tally.seals = new bytes32[](Consensus.MAX_VOTES);
            tally.hasSealed = true;
            tally.seals[place] = sealedVote;
        }
    }

    function _weigh(Voter memory voter, uint256 maxWeight) private pure {
        if (voter.maxWeight == maxWeight) return;
        voter.maxWeight = maxWeight;
        voter.weight = Consensus.weightOf(voter.score, maxWeight);
        voter.shares = Consensus.sharesOf(voter.weight);
    }
}
