// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {OpenedBallot} from "../types/Ballot.sol";
import {Deal} from "../types/Deal.sol";
import {TaskPayments} from "../libraries/Payments.sol";
import {KeptVote} from "../types/KeptVotes.sol";

/// @title IHub
/// @notice Deals, bonds and scores of workers, and the settlement of tasks by sealed votes.
/// @dev The errors of a move are declared where the move is: {WorkerAccountLib}, {EpochLib}, {DealBookLib},
/// {KeptBookLib}, {TaskStream}, {Tallies}, {Settlement}, {Callbacks}.
interface IHub {
    /* WORKERS */

    /// @notice `worker` put `amount` at stake.
    event Bonded(address indexed worker, uint96 amount);
    /// @notice `amount` of the bond of `worker` is on its way out; everything on its way is ready at `readyAt`.
    event Unbonding(address indexed worker, uint96 amount, uint40 readyAt);
    /// @notice `amount` is available to `worker` again.
    event BondWithdrawn(address indexed worker, uint96 amount);
    /// @notice Votes of `worker` differed from what was accepted, or were withheld; `amount` was burned.
    event Slashed(address indexed worker, uint256 amount);

    /* EPOCHS */

    /// @notice The votes of these ballots are fixed; they can be opened now.
    event Sealed(uint256 indexed pool, uint8 indexed lane, uint64 epoch, bytes32[] leaves);
    /// @notice The epoch's votes were counted.
    event EpochSettled(uint256 indexed pool, uint8 indexed lane, uint64 epoch);

    /* TASKS */

    /// @notice The task's answer is `digest`; everybody is paid.
    event TaskSettled(bytes32 indexed dealId, uint32 index, bytes32 digest);
    /// @notice The task could not settle any more, or not yet; see {SkipReason}.
    event TaskSkipped(bytes32 indexed taskId, uint8 reason);
    /// @notice The votes did not decide the task. They are kept, and count with the next ones; none are where no vote had
    /// cover.
    event TaskKept(bytes32 indexed dealId, uint32 index, KeptVote[] votes);
    /// @notice `worker` did not open its kept vote in time, which costs it what a lie costs.
    event VoteWithheld(bytes32 indexed taskId, address worker);
    /// @notice Somebody opened a vote on chain. Of anything at all: a vote was opened where its seal is the one that is kept.
    event VoteOpened(bytes32 indexed taskId, address indexed worker, bytes32 digest, bytes32 secret);
    /// @notice The pool declined the deal; its `tasks` open tasks are refunded.
    event DealDeclined(bytes32 indexed dealId, uint32 tasks);
    /// @notice The deal's `tasks` open tasks were not settled in time; they are refunded, their stakes burned.
    event DealClaimed(bytes32 indexed dealId, uint32 tasks);
    /// @notice The receiver failed, is no contract, or the result is too long for it. The task is settled all the same.
    event CallbackFailed(bytes32 indexed dealId, uint32 index);

    /// @notice `caller` is not the marketplace.
    error HubNotMarketplace(address caller);
    /// @notice `caller` is not the pool registry.
    error HubNotPoolRegistry(address caller);
    /// @notice `caller` does not operate pool `pool`.
    error HubNotOperator(uint256 pool, address caller);
    /// @notice An amount of zero was given.
    error HubZeroAmount();
    /// @notice The pool could decline the deal until `graceEnd`, or never where the deal has no grace.
    error HubGraceOver(uint256 graceEnd);
    /// @notice The deal can be claimed after `settleEnd`: until then it may be settled.
    error HubClaimTooEarly(uint256 settleEnd);
    /// @notice Ballots ascend by worker.
    error HubBallotsUnsorted(address worker);
    /// @notice The worker has neither a vote in this epoch nor a kept one.
    error HubBallotEmpty(address worker);
    /// @notice The worker's ballot was not valid for a seal after `sealBy`.
    error HubBallotExpired(address worker, uint40 sealBy);
    /// @notice The worker did not sign these votes.
    error HubBallotSignature(address worker);
    /// @notice The votes are not the ones that were sealed.
    error HubSealMismatch(bytes32 stored, bytes32 computed);

    /// @notice Puts `amount` of the caller's available balance at stake.
    function bond(uint96 amount) external;

    /// @notice Starts to take `amount` out of the caller's bond. What is already on its way waits anew.
    function unbond(uint96 amount) external;

    /// @notice Makes what is ready available to the caller.
    function withdrawBond() external;

    /// @notice From now on `operator` operates pool `pool`. Only for the pool registry, which says so at each change.
    function setOperator(uint256 pool, address operator) external;

    /// @notice Fixes the ballots of the lane's next epoch. Only for the pool's operator.
    /// @param leaves `keccak256(abi.encode(worker, votesHash))`, ascending by worker.
    function seal(uint256 pool, uint8 lane, bytes32[] calldata leaves) external;

    /// @notice Counts the votes of the lane's sealed epoch: pays, slashes and calls back. Only for the operator, once.
    /// @param deals Those that the tasks name, ascending by id.
    /// @param tasks Every task that a sealed ballot votes on, with the votes that are kept of it; and tasks with kept votes
    /// alone. See {TaskStream}.
    /// @param ballots All sealed ones, and an empty one for each worker of whom there are kept votes alone; ascending by
    /// worker.
    /// @param callbacks For each task of a deal with a callback, in stream order: the data whose digest was voted, or
    /// the failure's text. A task without it stays open.
    function settle(
        uint256 pool,
        uint8 lane,
        Deal[] calldata deals,
        bytes calldata tasks,
        OpenedBallot[] calldata ballots,
        bytes[] calldata callbacks
    ) external;

    /// @notice Opens a vote that its pool left sealed, so that it does not count as withheld. Anybody who knows the secret
    /// may; the pool has to bring it open from then on, or its task stays open.
    function openVote(address worker, bytes32 taskId, bytes32 digest, bytes32 secret) external;

    /// @notice Refuses a deal within its grace. Only for the pool's operator; nothing is burned.
    function decline(Deal calldata deal) external;

    /// @notice Refunds the tasks that were not settled in time. Anybody may call it.
    function claim(Deal calldata deal) external;

    /// @notice Opens these deals; a zero is passed over. Only for the marketplace, which locks the money.
    function openDeals(bytes32[] calldata dealIds) external;

    /// @notice The lane's last epoch; number 0: there was none.
    function epochOf(
        uint256 pool,
        uint8 lane
    ) external view returns (bytes32 jointHash, uint64 epoch, uint40 sealedAt, bool settled);

    /// @notice Whether the deal has open tasks, and how many are closed.
    function dealState(bytes32 dealId) external view returns (bool open, uint32 closed);

    /// @notice Whether a task of the deal was settled, declined or claimed.
    function isClosed(bytes32 dealId, uint256 index) external view returns (bool);

    /// @notice When the votes of an open task were kept, in seconds, and the first 27 bytes of
    /// `keccak256(abi.encode(KeptVote[]))`; zero where none are.
    function keptVotesOf(bytes32 taskId) external view returns (uint40 keptAt, bytes27 votesHash);

    /// @notice Whether the vote with this seal was opened on chain.
    function isOpened(bytes32 sealedVote) external view returns (bool);

    /// @notice What a worker has at risk by a vote sealed now, in wei: what stays at stake until that can no longer settle.
    function coverOf(address worker) external view returns (uint256);

    /// @notice What one task of the deal moves when it settles, in wei. Of any deal, opened or not.
    function paymentsOf(Deal calldata deal) external pure returns (TaskPayments memory);

    /// @notice Bond and score of a worker.
    function workerOf(
        address worker
    ) external view returns (uint96 bonded, uint96 unbonding, uint40 readyAt, uint24 score);
}
