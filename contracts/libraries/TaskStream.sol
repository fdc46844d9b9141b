// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @dev One task of the stream.
struct TaskRecord {
    uint256 place; // deal and index in one number
    uint256 dealIndex;
    uint32 index;
    uint256 groups; // distinct digests
    uint256 kept; // votes that were kept of it
    uint256 votes; // votes of this epoch
    uint256 digestsAt; // offset of the first digest
    uint256 next; // offset of what is read next
}

/// @title TaskStream
/// @notice Reads the packed tasks of a settle. Per task, big-endian:
/// `uint16 dealIndex | uint32 index | uint8 groups | uint8 kept | uint8 votes`, then the digests, then the kept votes as
/// they were kept, then the new ones by ballot; each `uint16 ballotIndex | uint8 group`. One that is sealed (group 255) is
/// followed by its seal, one that was kept sealed and is opened here (group + 128) by its secret.
library TaskStream {
    uint256 internal constant SEALED = 255;
    uint256 private constant OPENED = 128;
    uint256 private constant HEADER_BYTES = 9;
    uint256 private constant VOTE_BYTES = 3;
    uint256 private constant MAX_VOTES = 32;

    /// @notice The stream ends within a task.
    error HubStreamTruncated(uint256 length);
    /// @notice Tasks ascend by deal, then by index.
    error HubTasksUnsorted(uint256 dealIndex, uint256 index);
    /// @notice A task has at most 32 votes, and no more groups than votes.
    error HubTaskMalformed(uint256 groups, uint256 votes);
    /// @notice The digests of a task ascend.
    error HubDigestsUnsorted(bytes32 digest);
    /// @notice A vote names a group that its task does not have.
    error HubGroupUnknown(uint256 group);

    /// @notice Moves on to the next task.
    function advance(TaskRecord memory task, bytes calldata stream) internal pure {
        uint256 at = task.next;
        uint256 header = uint72(bytes9(_read(stream, at, HEADER_BYTES)));
        // Deal and index lie side by side: as one number they give the order of tasks.
        uint256 place = header >> 24;
        uint256 dealIndex = place >> 32;
        uint32 index = uint32(place);
        if (at != 0 && place <= task.place) revert HubTasksUnsorted(dealIndex, index);
        task.place = place;
        task.dealIndex = dealIndex;
        task.index = index;
        task.groups = (header >> 16) & 0xff;
        task.kept = (header >> 8) & 0xff;
        task.votes = header & 0xff;
        uint256 votes = task.kept + task.votes;
        if (votes > MAX_VOTES || task.groups > votes) revert HubTaskMalformed(task.groups, votes);
        _readDigests(task, stream, at + HEADER_BYTES);
    }

    /// @notice The digest of a group that the task has.
    function digestOf(TaskRecord memory task, bytes calldata stream, uint256 group) internal pure returns (bytes32) {
        unchecked {
            return _wordAt(stream, task.digestsAt + 32 * group);
        }
    }

    /// @notice Reads the next new vote of the task.
    function readVote(
        TaskRecord memory task,
        bytes calldata stream
    ) internal pure returns (uint256 ballot, uint256 group) {
        (ballot, group) = _nextVote(task, stream);
        if (group >= task.groups && group != SEALED) revert HubGroupUnknown(group);
    }

    /// @notice Reads the next kept vote of the task; `isOpened` when it was kept sealed and its secret follows.
    function readKeptVote(
        TaskRecord memory task,
        bytes calldata stream
    ) internal pure returns (uint256 ballot, uint256 group, bool isOpened) {
        (ballot, group) = _nextVote(task, stream);
        isOpened = group >= OPENED && group != SEALED;
        if (isOpened) group -= OPENED;
        if (group >= task.groups && group != SEALED) revert HubGroupUnknown(group);
    }

    /// @notice Reads the seal or secret that follows a vote.
    function readWord(TaskRecord memory task, bytes calldata stream) internal pure returns (bytes32 word) {
        word = _read(stream, task.next, 32);
        unchecked {
            task.next += 32;
        }
    }

    function _nextVote(TaskRecord memory task, bytes calldata stream) private pure returns (uint256, uint256) {
        uint256 vote = uint24(bytes3(_read(stream, task.next, VOTE_BYTES)));
        unchecked {
            task.next += VOTE_BYTES;
        }
        return (vote >> 8, vote & 0xff);
    }

    function _readDigests(TaskRecord memory task, bytes calldata stream, uint256 at) private pure {
        task.digestsAt = at;
        uint256 groups = task.groups;
        unchecked {
            task.next = at + 32 * groups;
        }
        bytes32 previous;
        for (uint256 i; i < groups; ++i) {
            bytes32 digest = _read(stream, at + 32 * i, 32);
            if (i != 0 && digest <= previous) revert HubDigestsUnsorted(digest);
            previous = digest;
        }
    }

    /// @dev The word at an offset, of which the first `length` bytes must be the stream's.
    function _read(bytes calldata stream, uint256 at, uint256 length) private pure returns (bytes32 word) {
        // An offset is below the stream's length and what a task adds to it: no sum comes near an overflow.
        unchecked {
            if (stream.length < at + length) revert HubStreamTruncated(stream.length);
        }
        return _wordAt(stream, at);
    }

    /// @dev Assembly, because a slice would have its bounds checked twice more.
    function _wordAt(bytes calldata stream, uint256 at) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(stream.offset, at))
        }
    }
}
