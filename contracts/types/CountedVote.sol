// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice A vote of the task being counted, in one word: whose it is (place of the ballot), what for (group), and whether it
/// earns where that is accepted.
type CountedVote is uint256;

using CountedVoteLib for CountedVote global;

/// @title CountedVoteLib
/// @notice Packing and reading of {CountedVote}.
library CountedVoteLib {
    function pack(uint256 ballot_, uint256 group_, bool earns_) internal pure returns (CountedVote) {
        return CountedVote.wrap((ballot_ << 16) | (group_ << 8) | (earns_ ? 1 : 0));
    }

    function ballot(CountedVote self) internal pure returns (uint256) {
        return CountedVote.unwrap(self) >> 16;
    }

    function group(CountedVote self) internal pure returns (uint256) {
        return (CountedVote.unwrap(self) >> 8) & 0xff;
    }

    function earns(CountedVote self) internal pure returns (bool) {
        return CountedVote.unwrap(self) & 1 != 0;
    }
}
