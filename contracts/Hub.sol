// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Workers} from "./Workers.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {IHub} from "./interfaces/IHub.sol";
import {IPoolRegistry} from "./interfaces/IPoolRegistry.sol";
import {Callbacks} from "./libraries/Callbacks.sol";
import {Book, Ledger} from "./libraries/Ledger.sol";
import {Payments, TaskPayments} from "./libraries/Payments.sol";
import {Places} from "./libraries/Places.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Tallies} from "./libraries/Tallies.sol";
import {Words} from "./libraries/Words.sol";
import {BallotLib, OpenedBallot} from "./types/Ballot.sol";
import {Deal} from "./types/Deal.sol";
import {DealBook} from "./types/DealBook.sol";
import {Entry} from "./types/Entry.sol";
import {Epoch, EpochLib} from "./types/Epoch.sol";
import {KeptRecord} from "./types/KeptVotes.sol";
import {DueCallback, Round, Voter, VoterLib} from "./types/Round.sol";
import {WorkerAccount} from "./types/WorkerAccount.sol";

/// @title Hub
/// @notice See {IHub}. The tasks of a settle are counted in {Settlement}, bonds and scores are in {Workers}; this file holds
/// epochs and deals, and moves them.
contract Hub is Workers, EIP712 {
    using Ledger for Book;
    using Places for uint256[];

    /* IMMUTABLES */

    IPoolRegistry public immutable poolRegistry;
    address public immutable marketplace;

    /* STORAGE */

    DealBook private _deals;
    mapping(uint256 pool => mapping(uint8 lane => Epoch)) private _epochs;
    /// @dev The same as in the pool registry, which says each change: to ask it would cost more than the rest of a check.
    mapping(uint256 pool => address) private _operators;

    constructor(
        IEscrow escrow_,
        IPoolRegistry poolRegistry_,
        address marketplace_
    ) EIP712("Gridmill", "1") Workers(escrow_) {
        poolRegistry = poolRegistry_;
        marketplace = marketplace_;
    }

    /* OPERATORS */

    /// @inheritdoc IHub
    function setOperator(uint256 pool, address operator) external {
        if (msg.sender != address(poolRegistry)) revert HubNotPoolRegistry(msg.sender);
        _operators[pool] = operator;
    }

    /* EPOCHS */

    /// @inheritdoc IHub
    function seal(uint256 pool, uint8 lane, bytes32[] calldata leaves) external {
        _checkOperator(pool);
        Epoch storage epoch = _epochs[pool][lane];

        epoch.advance(BallotLib.jointHashOf(leaves));

        emit Sealed(pool, lane, epoch.number, leaves);
    }

    /// @inheritdoc IHub
    function settle(
        uint256 pool,
        uint8 lane,
        Deal[] calldata deals,
        bytes calldata tasks,
        OpenedBallot[] calldata ballots,
        bytes[] calldata callbacks
    ) external {
        _checkOperator(pool);
        Epoch storage epoch = _epochs[pool][lane];
        Round memory round;
        (round.pool, round.lane) = (pool, lane);
        (round.epoch, round.sealedAt) = epoch.settle();
        bytes32 jointHash = epoch.jointHash;
        _readVoters(round, ballots);
        // The joint hash holds what workers alone knew until the seal, and no deal opened since then can settle; the time
        // stands in for it where there are kept votes alone.
        bytes32 salt = Hashes.efficientKeccak256(jointHash, bytes32(uint256(round.sealedAt)));
        unchecked {
            // As many as calldata holds.
            round.book.start(ballots.length + 4 * deals.length, salt);
        }
        Tallies.makeRoom(round.tally);
        round.callbacks = new DueCallback[](callbacks.length);

        Settlement.settleTasks(round, _deals, deals, tasks, callbacks);
        _checkBallots(round, ballots, jointHash);
        _closeVoters(round);

        emit EpochSettled(pool, lane, round.epoch);

        round.book.post(address(escrow));
        Callbacks.run(round, deals, callbacks);
    }

    /// @inheritdoc IHub
    function openVote(address worker, bytes32 taskId, bytes32 digest, bytes32 secret) external {
        _deals.kept.isOpened[BallotLib.sealOf(worker, taskId, digest, secret)] = true;

        emit VoteOpened(taskId, worker, digest, secret);
    }

    /* DEALS */

    /// @inheritdoc IHub
    function openDeals(bytes32[] calldata dealIds) external {
        if (msg.sender != marketplace) revert HubNotMarketplace(msg.sender);
        for (uint256 i; i < dealIds.length; ++i) {
            bytes32 dealId = dealIds[i];
            if (dealId != 0) _deals.open(dealId);
        }
    }

    /// @inheritdoc IHub
    function decline(Deal calldata deal) external {
        _checkOperator(deal.pool);
        if (deal.terms.grace() == 0 || block.timestamp > deal.graceEnd()) revert HubGraceOver(deal.graceEnd());
        bytes32 dealId = deal.idOf();

        uint32 tasks = _deals.closeRest(dealId, deal.terms.volume());

        emit DealDeclined(dealId, tasks);

        _refund(deal, tasks, int128(uint128(deal.poolMoney.stake())));
    }

    /// @inheritdoc IHub
    function claim(Deal calldata deal) external {
        uint256 settleEnd = deal.claimableAfter();
        if (block.timestamp <= settleEnd) revert HubClaimTooEarly(settleEnd);
        bytes32 dealId = deal.idOf();

        uint32 tasks = _deals.closeRest(dealId, deal.terms.volume());

        emit DealClaimed(dealId, tasks);

        _refund(deal, tasks, 0);
    }

    /* VIEWS */

    /// @inheritdoc IHub
    function epochOf(
        uint256 pool,
        uint8 lane
    ) external view returns (bytes32 jointHash, uint64 epoch, uint40 sealedAt, bool settled) {
        Epoch storage last = _epochs[pool][lane];
        return (last.jointHash, last.number, last.sealedAt, last.settled);
    }

    /// @inheritdoc IHub
    function dealState(bytes32 dealId) external view returns (bool open, uint32 closed) {
        return (_deals.slots[dealId].open, _deals.slots[dealId].closed);
    }

    /// @inheritdoc IHub
    function isClosed(bytes32 dealId, uint256 index) external view returns (bool) {
        return _deals.isTaskClosed(dealId, _deals.slots[dealId], index);
    }

    /// @inheritdoc IHub
    function keptVotesOf(bytes32 taskId) external view returns (uint40 keptAt, bytes27 votesHash) {
        KeptRecord storage record = _deals.kept.records[taskId];
        return (record.keptAt, record.votesHash);
    }

    /// @inheritdoc IHub
    function isOpened(bytes32 sealedVote) external view returns (bool) {
        return _deals.kept.isOpened[sealedVote];
    }

    /// @inheritdoc IHub
    function paymentsOf(Deal calldata deal) external pure returns (TaskPayments memory) {
        return Payments.ofTask(deal);
    }

    /* PRIVATE: A ROUND */

    /// @dev Makes a voter of each ballot.
    function _readVoters(Round memory round, OpenedBallot[] calldata ballots) private view {
        Voter[] memory voters = VoterLib.room(ballots.length);
        round.voters = voters;
        // Nothing that backs a worker's votes now can be withdrawn while this epoch may still be settled.
        uint256 deadline = EpochLib.deadlineOf(round.sealedAt);
        address previous;
        for (uint256 i; i < ballots.length; ++i) {
            OpenedBallot calldata ballot = ballots[i];
            address worker = ballot.worker;
            if (worker <= previous) revert HubBallotsUnsorted(worker);
            previous = worker;
            WorkerAccount storage account = _workers[worker];
            Voter memory voter = voters[i];
            voter.worker = worker;
            voter.secret = ballot.secret;
            voter.score = account.score;
            voter.cover = voter.free = account.coverUntil(deadline);
        }
    }

    /// @dev The votes that were read are those that were sealed, and each worker signed its own.
    function _checkBallots(Round memory round, OpenedBallot[] calldata ballots, bytes32 jointHash) private view {
        uint256[] memory leaves = Places.room(ballots.length);
        bytes32 domain = _domainSeparatorV4();
        uint256 count;
        for (uint256 i; i < ballots.length; ++i) {
            OpenedBallot calldata ballot = ballots[i];
            Voter memory voter = round.voters[i];
            bytes32 votesHash = voter.votesHash;
            if (votesHash == 0) {
                // Who has no vote of this epoch has a kept one.
                if (voter.keptTask == 0) revert HubBallotEmpty(voter.worker);
                continue;
            }
            uint40 sealBy = ballot.sealBy;
            if (sealBy < round.sealedAt) revert HubBallotExpired(voter.worker, sealBy);
            leaves.put(count, uint256(BallotLib.leafOf(voter.worker, votesHash)));
            unchecked {
                ++count;
            }
            bytes32 structHash = BallotLib.structHash(round.pool, round.lane, round.epoch, sealBy, votesHash);
            bytes32 signed = MessageHashUtils.toTypedDataHash(domain, structHash);
            if (!Signatures.signedByKey(voter.worker, signed, ballot.r, ballot.vs)) {
                revert HubBallotSignature(voter.worker);
            }
        }
        bytes32 computed = Words.hashOfFirst(leaves, count);
        if (computed != jointHash) revert HubSealMismatch(jointHash, computed);
    }

    /* PRIVATE: MONEY */

    /// @dev `released` of the pool owner's stake goes back for each task; the rest of it is burned.
    function _refund(Deal calldata deal, uint32 tasks, int128 released) private {
        int128 price = int128(uint128(deal.taskPrice() * tasks));
        Entry[] memory entries = new Entry[](2);
        entries[0] = Entry({account: deal.payer, available: price, locked: -price});
        entries[1] = Entry({
            account: deal.poolOwner,
            available: released * int128(uint128(tasks)),
            locked: -int128(uint128(deal.poolMoney.stake() * tasks))
        });
        escrow.post(entries);
    }

    function _checkOperator(uint256 pool) private view {
        if (_operators[pool] != msg.sender) revert HubNotOperator(pool, msg.sender);
    }
}
