// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Book} from "../libraries/Ledger.sol";
import {TaskRecord} from "../libraries/TaskStream.sol";
import {DealSlot} from "./DealBook.sol";

/// @dev What one settle works on. Everything here lives in memory.
struct Round {
    uint256 pool;
    uint8 lane;
    uint64 epoch;
    uint40 sealedAt;
    Voter[] voters; // one for each ballot
    TaskRecord task; // the one being read
    OpenDeal deal; // the one that its task belongs to
    Tally tally; // of its votes
    Book book; // what changes hands
    DueCallback[] callbacks; // the first `callbackCount` are in use
    uint256 callbackCount;
    uint256 callbacksRead; // preimages used up
}

/// @dev A worker in this call.
struct Voter {
    address worker;
    bytes32 secret;
    bytes32 votesHash; // rolls with each vote
    uint256 cover; // the most that it can lose
    uint256 free; // of it: what the votes of its ballot have not used
    uint256 score; // at the start of the call
    uint256 maxWeight; // the cap by which the next two were computed; most deals share it
    uint256 weight;
    uint256 shares; // of a reward
    uint256 earned;
    uint256 lost;
    uint256 agreed; // votes that raise the score
    uint256 differed; // votes that lower it
    bytes32 keptTask; // the last task that came with a kept vote of it, 0: none
}

/// @dev What settling needs of a deal, read once for all its tasks.
struct OpenDeal {
    uint256 number; // place in the call's deals, plus 1; 0 before the first
    bytes32 id;
    DealSlot slot; // a copy, written back behind its last task
    SkipReason skip; // why none of its tasks can settle now
    bool hasCallback;
    bool raisesScores;
    uint256 trust;
    uint256 maxWeight;
    uint256 volume;
    uint256 workerStake;
    uint256 schedulerPart; // of a task's pool price
    uint256 workersPart;
    uint256 settled; // tasks in this call
    uint256 dust; // what could not be divided
}

/// @dev The votes of one task that count, by the order in which they are read, and what they come to by group.
struct Tally {
    bool hasSealed;
    uint256 count;
    uint256 decided; // the group that the kept votes alone accept
    uint256[] votes; // each a {CountedVote}
    bytes32[] seals; // of sealed votes
    uint256[] groups; // each a {CountedGroup}
}

/// @dev A call to make when everybody is paid.
struct DueCallback {
    uint256 deal; // place in the call's deals
    bytes32 dealId;
    uint32 index;
    uint256 data; // place in the call's preimages
}

/// @notice Why a task was skipped.
enum SkipReason {
    NONE,
    DEAL_NOT_OPEN, // never opened here, or all its tasks are closed
    IN_GRACE, // the epoch was sealed while the pool could decline
    LATE, // the epoch was sealed after the deadline; with kept votes: it is settled when the deal can be claimed
    TASK_CLOSED // settled before
}

/// @title VoterLib
/// @notice Makes the voters of a call.
library VoterLib {
    /// @dev 14 words.
    uint256 private constant BYTES = 448;

    /// @notice So many voters, all of them zero; as many as the call has ballots. Assembly, because `new Voter[](count)` writes each
    /// field of each voter by itself, which costs three times as much. The plain twin is in `Twins`.
    function room(uint256 count) internal pure returns (Voter[] memory voters) {
        assembly ("memory-safe") {
            voters := mload(0x40)
            mstore(voters, count)
            let place := add(voters, 0x20)
            let first := add(place, shl(5, count))
            let voter := first
            // Behind the end of calldata everything is zero.
            calldatacopy(first, calldatasize(), mul(count, BYTES))
            mstore(0x40, add(first, mul(count, BYTES)))
            for {} lt(place, first) {
                place := add(place, 0x20)
            } {
                mstore(place, voter)
                voter := add(voter, BYTES)
            }
        }
    }
}
