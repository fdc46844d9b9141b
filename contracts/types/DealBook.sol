// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {KeptBook, KeptVote} from "./KeptVotes.sol";

/// @notice Where a deal stands. One slot; tasks beyond the first 208 have words of their own.
struct DealSlot {
    bool open;
    bool hasKeptVotes; // of at least one task, now or earlier
    uint32 closed; // tasks
    uint208 closedTasks; // bitmap of the first ones
}

/// @notice All deals, by id.
struct DealBook {
    mapping(bytes32 dealId => DealSlot) slots;
    mapping(bytes32 dealId => mapping(uint256 word => uint256)) moreClosedTasks;
    KeptBook kept;
}

using DealBookLib for DealBook global;

/// @title DealBookLib
/// @notice The deal state machine: every legal move, and nothing else.
library DealBookLib {
    uint256 private constant FIRST_TASKS = 208;

    /// @notice The deal was never opened, or all its tasks are closed.
    error HubDealNotOpen(bytes32 dealId);

    /// @dev A request is filled once, so no id comes twice.
    function open(DealBook storage self, bytes32 dealId) internal {
        self.slots[dealId].open = true;
    }

    /// @dev Copies a deal's slot into memory that its caller keeps.
    function load(DealBook storage self, bytes32 dealId, DealSlot memory slot) internal view {
        DealSlot storage stored = self.slots[dealId];
        slot.open = stored.open;
        slot.hasKeptVotes = stored.hasKeptVotes;
        slot.closed = stored.closed;
        slot.closedTasks = stored.closedTasks;
    }

    /// @dev Closes one task of an open deal; the last one closes the deal. `slot` is a copy of the deal's, changed for
    /// many tasks and then written back once.
    function closeTask(
        DealBook storage self,
        bytes32 dealId,
        DealSlot memory slot,
        uint256 index,
        uint256 volume
    ) internal {
        if (++slot.closed == volume) slot.open = false;
        if (index < FIRST_TASKS) {
            slot.closedTasks |= uint208(1 << index);
        } else {
            self.moreClosedTasks[dealId][_word(index)] |= 1 << _bit(index);
        }
    }

    /// @dev Keeps the votes of a task that stays open. `slot` is a copy of its deal's.
    function keepVotes(
        DealBook storage self,
        bytes32 dealId,
        DealSlot memory slot,
        bytes32 taskId,
        KeptVote[] memory votes
    ) internal {
        if (votes.length != 0 && !slot.hasKeptVotes) {
            // Both: the copy is written back only where a task of the deal settles, and would then undo it.
            slot.hasKeptVotes = true;
            self.slots[dealId].hasKeptVotes = true;
        }
        if (slot.hasKeptVotes) self.kept.keep(taskId, votes);
    }

    /// @dev Closes what is open of a deal, and says how many tasks that were.
    function closeRest(DealBook storage self, bytes32 dealId, uint32 volume) internal returns (uint32 tasks) {
        DealSlot storage slot = self.slots[dealId];
        if (!slot.open) revert HubDealNotOpen(dealId);
        tasks = volume - slot.closed;
        slot.open = false;
        slot.closed = volume;
    }

    /// @notice Whether the task was settled, declined or claimed; `slot` is the deal's, or a newer copy of it.
    function isTaskClosed(
        DealBook storage self,
        bytes32 dealId,
        DealSlot memory slot,
        uint256 index
    ) internal view returns (bool) {
        if (!slot.open) return slot.closed != 0;
        if (index < FIRST_TASKS) return slot.closedTasks & (1 << index) != 0;
        return self.moreClosedTasks[dealId][_word(index)] & (1 << _bit(index)) != 0;
    }

    function _word(uint256 index) private pure returns (uint256) {
        return (index - FIRST_TASKS) >> 8;
    }

    function _bit(uint256 index) private pure returns (uint256) {
        return (index - FIRST_TASKS) & 0xff;
    }
}
