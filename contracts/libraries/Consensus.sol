// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title Consensus
/// @notice Weighted consensus in odds form (Sarmenta 2001). 32 votes of at most 127 and a 32-bit trust fit 256 bits.
library Consensus {
    uint256 internal constant MAX_VOTES = 32;

    /// @notice `min(max(score / 3, 3) - 1, maxWeight)`: a newcomer has 2.
    function weightOf(uint256 score, uint256 maxWeight) internal pure returns (uint256) {
        uint256 weight = score < 9 ? 2 : score / 3 - 1;
        return weight < maxWeight ? weight : maxWeight;
    }

    /// @notice Whether a group is accepted; `total` is 1 plus the weights of all groups.
    function isAccepted(uint256 group, uint256 total, uint256 trust) internal pure returns (bool) {
        // 32 weights of at most 127 multiply to less than 2^224, and the groups of a task hold 32 votes together.
        unchecked {
            return group * trust > total * (trust - 1);
        }
    }

    /// @notice How many shares of the reward a vote of this weight, of eight bits, earns: `floor(log2 weight)`.
    function sharesOf(uint256 weight) internal pure returns (uint256 shares) {
        // Half of the bits that are left at a time.
        if (weight >= 16) (shares, weight) = (4, weight >> 4);
        if (weight >= 4) (shares, weight) = (shares | 2, weight >> 2);
        if (weight >= 2) shares |= 1;
    }
}
