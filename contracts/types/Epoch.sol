// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice The last epoch of one lane of one pool. Two slots.
struct Epoch {
    // slot 0
    bytes32 jointHash; // of all leaves
    // slot 1
    uint64 number; // counts up from 1
    uint40 sealedAt;
    bool settled;
}

using EpochLib for Epoch global;

/// @title EpochLib
/// @notice Every legal move: sealed -> settled, and from settled or abandoned to the next one sealed.
library EpochLib {
    /// @dev Seconds in which an epoch may be settled; afterwards it counts as abandoned.
    uint256 internal constant WINDOW = 1 hours;

    /// @notice The lane's last epoch, `epoch`, can still be settled.
    error HubEpochPending(uint64 epoch);
    /// @notice The lane's last epoch, `epoch`, is settled already (0: there is none).
    error HubEpochNotPending(uint64 epoch);
    /// @notice An epoch is settled in a later second than it was sealed in.
    error HubEpochTooYoung(uint40 sealedAt);
    /// @notice The epoch was abandoned at `deadline`.
    error HubEpochAbandoned(uint256 deadline);

    /// @dev Any of settled, abandoned, never -> sealed.
    function advance(Epoch storage self, bytes32 jointHash) internal {
        // A lane that had no epoch yet is long past the deadline of one sealed at time zero.
        if (!self.settled && block.timestamp <= deadlineOf(self.sealedAt)) revert HubEpochPending(self.number);
        self.jointHash = jointHash;
        self.number += 1;
        self.sealedAt = uint40(block.timestamp);
        self.settled = false;
    }

    /// @dev sealed -> settled.
    function settle(Epoch storage self) internal returns (uint64 number, uint40 sealedAt) {
        (number, sealedAt) = (self.number, self.sealedAt);
        if (number == 0 || self.settled) revert HubEpochNotPending(number);
        if (block.timestamp == sealedAt) revert HubEpochTooYoung(sealedAt);
        if (block.timestamp > deadlineOf(sealedAt)) revert HubEpochAbandoned(deadlineOf(sealedAt));
        self.settled = true;
    }

    /// @notice The last second in which an epoch that was sealed then may be settled.
    function deadlineOf(uint40 sealedAt) internal pure returns (uint256) {
        unchecked {
            return sealedAt + WINDOW; // of 40 bits
        }
    }
}
