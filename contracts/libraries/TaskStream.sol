// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @dev One task of the stream.
struct TaskRecord {
    uint256 dealIndex;
    uint32 index;
    uint256 groups; // distinct digests
    uint256 votes;
    uint256 digestsAt; // offset of the first digest
    uint256 next; // offset of what is read next
}

/// @title TaskStream
/// @notice Reads the packed tasks of a settle. Per task, big-endian:
/// `uint16 dealIndex | uint32 index | uint8 groups | uint8 votes`, then the digests, then per vote
/// `uint16 ballotIndex | uint8 group`, a sealed one (group 255) followed by its seal.
library TaskStream {
    uint256 internal constant SEALED = 255;
    uint256 private constant HEADER_BYTES = 8;
    uint256 private constant VOTE_BYTES = 3;
    uint256 private constant MAX_VOTES = 32;

    /// @notice The stream ends within a task.
    error HubStreamTruncated(uint256 length);
    /// @notice Tasks ascend by deal, then by index.
    error HubTasksUnsorted(uint256 dealIndex, uint256 index);
    /// @notice A task has at most 32 votes, and no group without a vote.
    error HubTaskMalformed(uint256 groups, uint256 votes);
    /// @notice The digests of a task ascend.
    error HubDigestsUnsorted(bytes32 digest);
    /// @notice A vote names a group that its task does not have.
    error HubGroupUnknown(uint256 group);

    /// @notice Moves on to the next task.
    function advance(TaskRecord memory task, bytes calldata stream) internal pure {
        uint256 at = task.next;
        _checkLength(stream, at + HEADER_BYTES);
        uint256 header = uint64(bytes8(stream[at:at + HEADER_BYTES]));
        uint256 dealIndex = header >> 48;
        uint32 index = uint32(header >> 16);
        if (at != 0 && (dealIndex << 32) + index <= (task.dealIndex << 32) + task.index) {
            revert HubTasksUnsorted(dealIndex, index);
        }
        task.dealIndex = dealIndex;
        task.index = index;
        task.groups = (header >> 8) & 0xff;
        task.votes = header & 0xff;
        if (task.votes > MAX_VOTES || task.groups > task.votes) revert HubTaskMalformed(task.groups, task.votes);
        _skipDigests(task, stream, at + HEADER_BYTES);
    }

    /// @notice The digest of a group.
    function digestOf(TaskRecord memory task, bytes calldata stream, uint256 group) internal pure returns (bytes32) {
        uint256 at = task.digestsAt + 32 * group;
        return bytes32(stream[at:at + 32]);
    }

    /// @notice Reads the next vote of the task.
    function readVote(
        TaskRecord memory task,
        bytes calldata stream
    ) internal pure returns (uint256 ballot, uint256 group) {
        uint256 at = task.next;
        _checkLength(stream, at + VOTE_BYTES);
        uint256 vote = uint24(bytes3(stream[at:at + VOTE_BYTES]));
        ballot = vote >> 8;
        group = vote & 0xff;
        if (group >= task.groups && group != SEALED) revert HubGroupUnknown(group);
        task.next = at + VOTE_BYTES;
    }

    /// @notice Reads the seal that follows a sealed vote.
    function readSeal(TaskRecord memory task, bytes calldata stream) internal pure returns (bytes32 sealedVote) {
        uint256 at = task.next;
        _checkLength(stream, at + 32);
        sealedVote = bytes32(stream[at:at + 32]);
        task.next = at + 32;
    }

    function _skipDigests(TaskRecord memory task, bytes calldata stream, uint256 at) private pure {
        task.digestsAt = at;
        task.next = at + 32 * task.groups;
        _checkLength(stream, task.next);
        for (uint256 i = 1; i < task.groups; ++i) {
            bytes32 digest = digestOf(task, stream, i);
            if (digest <= digestOf(task, stream, i - 1)) revert HubDigestsUnsorted(digest);
        }
    }

    function _checkLength(bytes calldata stream, uint256 wanted) private pure {
        if (stream.length < wanted) revert HubStreamTruncated(stream.length);
    }
}
