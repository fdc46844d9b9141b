// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice A vote that waits for others: its task was counted and stayed open.
struct KeptVote {
    address worker;
    bool isSealed; // `word` is the bare seal, else the digest
    bytes32 word;
}

/// @notice What is stored of a task's kept votes. One slot.
struct KeptRecord {
    uint40 keptAt; // by the last settle that named the task
    bytes27 votesHash; // 0: none
}

/// @notice Kept votes by task, and the seals that were opened on chain.
struct KeptBook {
    mapping(bytes32 taskId => KeptRecord) records;
    mapping(bytes32 sealedVote => bool) isOpened;
}

using KeptBookLib for KeptBook global;
using KeptBookLib for KeptRecord global;

/// @title KeptBookLib
/// @notice Every legal move: none -> kept -> kept anew or none.
library KeptBookLib {
    /// @dev Seconds in which a vote that was kept sealed has to be opened.
    uint256 internal constant OPEN = 10 minutes;

    /// @notice These are not the votes that were kept of the task.
    error HubKeptVotesMismatch(bytes32 taskId);

    /// @dev none or kept -> kept, or none where no vote is left.
    function keep(KeptBook storage self, bytes32 taskId, KeptVote[] memory votes) internal {
        if (votes.length == 0) return self.forget(taskId);
        self.records[taskId] = KeptRecord({keptAt: uint40(block.timestamp), votesHash: _hashOf(votes)});
    }

    /// @dev kept -> none.
    function forget(KeptBook storage self, bytes32 taskId) internal {
        delete self.records[taskId];
    }

    /// @notice Reverts unless these are the votes that were kept.
    function check(KeptRecord memory self, bytes32 taskId, KeptVote[] memory votes) internal pure {
        if (self.votesHash != _hashOf(votes)) revert HubKeptVotesMismatch(taskId);
    }

    /// @notice Whether a vote that was kept sealed should be open by now.
    function isOverdue(KeptRecord memory self) internal view returns (bool) {
        return block.timestamp > self.keptAt + OPEN;
    }

    /// @dev 216 bits, so that the time fits beside them: to find two lists of one hash takes 2^108 tries.
    function _hashOf(KeptVote[] memory votes) private pure returns (bytes27) {
        return votes.length == 0 ? bytes27(0) : bytes27(keccak256(abi.encode(votes)));
    }
}
