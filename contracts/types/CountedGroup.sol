// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice What the votes of one group come to, in one word: the product of their weights (0: nobody), how many of them earn,
/// and how many shares those have. A product of 32 weights of at most 127 has less than 224 bits.
type CountedGroup is uint256;

using CountedGroupLib for CountedGroup global;

/// @title CountedGroupLib
/// @notice Packing and reading of {CountedGroup}.
library CountedGroupLib {
    /// @notice The group with one more vote.
    function add(CountedGroup self, uint256 weight_, uint256 shares_, bool earns) internal pure returns (CountedGroup) {
        uint256 word = CountedGroup.unwrap(self);
        unchecked {
            uint256 product = word < 1 << 32 ? weight_ : (word >> 32) * weight_;
            uint256 earned = uint32(word);
            if (earns) earned += (1 << 16) + shares_;
            return CountedGroup.wrap((product << 32) | earned);
        }
    }

    function weight(CountedGroup self) internal pure returns (uint256) {
        return CountedGroup.unwrap(self) >> 32;
    }

    function earning(CountedGroup self) internal pure returns (uint256) {
        return uint16(CountedGroup.unwrap(self) >> 16);
    }

    function shares(CountedGroup self) internal pure returns (uint256) {
        return uint16(CountedGroup.unwrap(self));
    }
}
