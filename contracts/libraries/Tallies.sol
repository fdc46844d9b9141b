// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {BallotLib} from "../types/Ballot.sol";
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

    /// @notice Reads all votes of the task. Each rolls into its ballot and uses up its stake; one beyond its worker's
    /// cover counts for nothing, since otherwise a slash elsewhere could make the whole call fail.
    function read(Round memory round, bytes32 taskId, bytes calldata stream) internal pure {
        TaskRecord memory task = round.task;
        Voter[] memory voters = round.voters;
        _reset(round.tally, task.groups);
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
                    ? task.readSeal(stream)
                    : BallotLib.sealOf(voter.worker, taskId, task.digestOf(stream, group), voter.secret);
            voter.votesHash = BallotLib.roll(voter.votesHash, taskId, sealedVote);
            if (_useCover(voter, round.deal.workerStake)) _add(round, voter.score, ballot, group);
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

    /// @notice Pays those who voted for `group` and slashes the others.
    function reward(Round memory round, uint256 group) internal pure {
        Tally memory tally = round.tally;
        OpenDeal memory deal = round.deal;
        (uint256 shares, uint256 agreeing) = _shareOut(tally, group);
        bool raises = deal.raisesScores && agreeing > 1;
        uint256 left = deal.workersPart;
        // What is earned is part of an escrow's 128 bits, what is lost part of a cover; shares are at most 6 a vote.
        unchecked {
            for (uint256 i; i < tally.count; ++i) {
                Voter memory voter = round.voters[tally.voters[i]];
                if (tally.groups[i] == group) {
                    uint256 part = (deal.workersPart * tally.shares[i]) / shares;
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

    function _reset(Tally memory tally, uint256 groups) private pure {
        tally.hasSealed = false;
        tally.count = 0;
        for (uint256 i; i < groups; ++i) {
            tally.groupWeights[i] = 0;
        }
    }

    function _useCover(Voter memory voter, uint256 stake) private pure returns (bool covered) {
        covered = voter.cover >= stake;
        unchecked {
            if (covered) voter.cover -= stake;
        }
    }

    function _add(Round memory round, uint256 score, uint256 ballot, uint256 group) private pure {
        Tally memory tally = round.tally;
        if (group == TaskStream.SEALED) {
            tally.hasSealed = true;
            return;
        }
        uint256 weight = Consensus.weightOf(score, round.deal.maxWeight);
        uint256 product = tally.groupWeights[group];
        uint256 place = tally.count;
        unchecked {
            tally.groupWeights[group] = product == 0 ? weight : product * weight;
            tally.count = place + 1;
        }
        tally.voters[place] = ballot;
        tally.groups[place] = group;
        tally.shares[place] = Consensus.sharesOf(weight);
    }

    function _shareOut(Tally memory tally, uint256 group) private pure returns (uint256 shares, uint256 agreeing) {
        unchecked {
            for (uint256 i; i < tally.count; ++i) {
                if (tally.groups[i] != group) continue;
                shares += tally.shares[i];
                ++agreeing;
            }
        }
    }
}
