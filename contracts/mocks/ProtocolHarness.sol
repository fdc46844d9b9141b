// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Consensus} from "../libraries/Consensus.sol";
import {Tallies} from "../libraries/Tallies.sol";
import {TaskRecord, TaskStream} from "../libraries/TaskStream.sol";
import {AssetPricesLib} from "../types/AssetPrices.sol";
import {BallotLib} from "../types/Ballot.sol";
import {Capabilities} from "../types/Capabilities.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {PoolMoneyLib} from "../types/PoolMoney.sol";
import {Round, Voter} from "../types/Round.sol";
import {TermsLib} from "../types/Terms.sol";
import {WorkerAccount, WorkerAccountLib} from "../types/WorkerAccount.sol";

/// @dev What shares a deal's words.
struct Narrow {
    uint128 appPrice;
    uint128 datasetPrice;
    uint128 poolPrice;
    uint128 poolStake;
    uint96 workerStake;
    uint16 schedulerShare;
    uint16 grace;
    uint8 lane;
    uint8 category;
    uint8 maxWeight;
    uint32 trust;
    uint32 volume;
    uint40 openedAt;
}

/// @title ProtocolHarness
/// @notice Opens the pure parts of the protocol, so that they can be compared with their TypeScript twins.
contract ProtocolHarness {
    using TaskStream for TaskRecord;

    WorkerAccount private _account;

    /* HASHES */

    function dealId(Deal calldata deal) external pure returns (bytes32 fromCalldata, bytes32 fromMemory) {
        Deal memory copy = deal;
        return (deal.idOf(), copy.id());
    }

    function taskId(bytes32 deal, uint256 index) external pure returns (bytes32) {
        return DealLib.taskId(deal, index);
    }

    function unpack(Deal calldata deal) external pure returns (Narrow memory narrow) {
        (narrow.appPrice, narrow.datasetPrice) = (uint128(deal.assetPrices.app()), uint128(deal.assetPrices.dataset()));
        (narrow.poolPrice, narrow.poolStake) = (uint128(deal.poolMoney.price()), uint128(deal.poolMoney.stake()));
        (narrow.workerStake, narrow.schedulerShare) = (uint96(deal.terms.workerStake()), deal.terms.schedulerShare());
        (narrow.grace, narrow.lane, narrow.category) = (deal.terms.grace(), deal.terms.lane(), deal.terms.category());
        (narrow.maxWeight, narrow.trust) = (deal.terms.maxWeight(), deal.terms.trust());
        (narrow.volume, narrow.openedAt) = (deal.terms.volume(), deal.terms.openedAt());
    }

    /// @dev `asked` twice: the second request leaves nothing of the first.
    function pack(Narrow calldata narrow) external pure returns (Deal memory deal) {
        deal.assetPrices = AssetPricesLib.pack(narrow.appPrice, narrow.datasetPrice);
        deal.poolMoney = PoolMoneyLib.pack(narrow.poolPrice, narrow.poolStake);
        deal.terms = TermsLib
            .offered(narrow.workerStake, narrow.schedulerShare, narrow.lane, narrow.category, narrow.openedAt)
            .asked(type(uint16).max, type(uint8).max, type(uint32).max, type(uint32).max)
            .asked(narrow.grace, narrow.maxWeight, narrow.trust, narrow.volume);
    }

    function deadline(Deal calldata deal) external pure returns (uint256) {
        return deal.deadline();
    }

    function taskPrice(Deal calldata deal) external pure returns (uint256) {
        return deal.taskPrice();
    }

    function sealOf(address worker, bytes32 task, bytes32 digest, bytes32 secret) external pure returns (bytes32) {
        return BallotLib.sealOf(worker, task, digest, secret);
    }

    function votesHashOf(bytes32[] calldata tasks, bytes32[] calldata seals) external pure returns (bytes32 votesHash) {
        for (uint256 i; i < tasks.length; ++i) {
            votesHash = BallotLib.roll(votesHash, tasks[i], seals[i]);
        }
    }

    function leafOf(address worker, bytes32 votesHash) external pure returns (bytes32) {
        return BallotLib.leafOf(worker, votesHash);
    }

    function jointHashOf(bytes32[] calldata leaves) external pure returns (bytes32) {
        return BallotLib.jointHashOf(leaves);
    }

    function ballotStructHash(
        uint256 pool,
        uint8 lane,
        uint64 epoch,
        uint40 sealBy,
        bytes32 votesHash
    ) external pure returns (bytes32) {
        return BallotLib.structHash(pool, lane, epoch, sealBy, votesHash);
    }

    /* CAPABILITIES */

    function covers(bytes32 offered, bytes32 wanted) external pure returns (bool) {
        return Capabilities.wrap(offered).covers(Capabilities.wrap(wanted));
    }

    /* CONSENSUS */

    function weightOf(uint256 score, uint256 maxWeight) external pure returns (uint256) {
        return Consensus.weightOf(score, maxWeight);
    }

    function isAccepted(uint256 group, uint256 total, uint256 trust) external pure returns (bool) {
        return Consensus.isAccepted(group, total, trust);
    }

    function sharesOf(uint256 weight) external pure returns (uint256) {
        return Consensus.sharesOf(weight);
    }

    /// @notice Reads a stream of one task whose voters have these scores, all with cover.
    /// @return decided Whether there is consensus.
    /// @return digest What on; zero where there is none.
    /// @return votesHashes How the voters' ballots roll over it.
    function decide(
        bytes calldata stream,
        uint24[] calldata scores,
        uint256 trust,
        uint256 maxWeight
    ) external pure returns (bool decided, bytes32 digest, bytes32[] memory votesHashes) {
        Round memory round = _roundOf(scores, trust, maxWeight);
        Tallies.makeRoom(round.tally);
        round.task.advance(stream);
        Tallies.reset(round);
        Tallies.read(round, bytes32(0), stream);
        votesHashes = _votesHashesOf(round.voters);
        uint256 group = Tallies.accepted(round);
        if (group == Tallies.NO_GROUP) return (false, 0, votesHashes);
        return (true, round.task.digestOf(stream, group), votesHashes);
    }

    /* WORKERS */

    function rate(uint24 score, uint256 agreed, uint256 differed) external pure returns (uint24) {
        return WorkerAccountLib.rated(score, agreed, differed);
    }

    function slash(uint96 bonded, uint96 unbonding, uint256 amount) external returns (uint96, uint96) {
        _account = WorkerAccount(bonded, unbonding, 0, 0);
        _account.slash(amount);
        return (_account.bonded, _account.unbonding);
    }

    /* PRIVATE */

    function _roundOf(
        uint24[] calldata scores,
        uint256 trust,
        uint256 maxWeight
    ) private pure returns (Round memory round) {
        round.deal.trust = trust;
        round.deal.maxWeight = maxWeight;
        round.voters = new Voter[](scores.length);
        for (uint256 i; i < scores.length; ++i) {
            round.voters[i].score = scores[i];
        }
    }

    function _votesHashesOf(Voter[] memory voters) private pure returns (bytes32[] memory votesHashes) {
        votesHashes = new bytes32[](voters.length);
        for (uint256 i; i < voters.length; ++i) {
            votesHashes[i] = voters[i].votesHash;
        }
    }
}
