// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice A deal's narrow fields, from the most significant end: `uint96 workerStake | uint16 schedulerShare |
/// uint16 grace | uint8 lane | uint8 category | uint8 maxWeight | uint32 trust | uint32 volume | uint40 openedAt`.
type Terms is uint256;

using TermsLib for Terms global;

/// @title TermsLib
/// @notice Packing and reading of {Terms}.
library TermsLib {
    uint256 private constant VOLUME = 40;
    uint256 private constant TRUST = 72;
    uint256 private constant MAX_WEIGHT = 104;
    uint256 private constant CATEGORY = 112;
    uint256 private constant LANE = 120;
    uint256 private constant GRACE = 128;
    uint256 private constant SCHEDULER_SHARE = 144;
    uint256 private constant WORKER_STAKE = 160;
    /// @dev The places of what {asked} decides.
    uint256 private constant ASKED = (uint256(type(uint16).max) << GRACE) | (uint256(type(uint72).max) << VOLUME);

    /// @notice What the asks decide; the rest is zero.
    /// @param workerStake_ Per vote, in wei. What anybody can pay has less than 96 bits.
    /// @param schedulerShare_ In bps of the pool price.
    function offered(
        uint96 workerStake_,
        uint16 schedulerShare_,
        uint8 lane_,
        uint8 category_,
        uint40 openedAt_
    ) internal pure returns (Terms) {
        uint256 money = (uint256(workerStake_) << WORKER_STAKE) | (uint256(schedulerShare_) << SCHEDULER_SHARE);
        return Terms.wrap(money | (uint256(lane_) << LANE) | (uint256(category_) << CATEGORY) | openedAt_);
    }

    /// @notice The same asks for another request.
    /// @param grace_ In seconds.
    function asked(
        Terms self,
        uint16 grace_,
        uint8 maxWeight_,
        uint32 trust_,
        uint32 volume_
    ) internal pure returns (Terms) {
        uint256 votes = (uint256(maxWeight_) << MAX_WEIGHT) | (uint256(trust_) << TRUST) | (uint256(volume_) << VOLUME);
        return Terms.wrap((Terms.unwrap(self) & ~ASKED) | (uint256(grace_) << GRACE) | votes);
    }

    function workerStake(Terms self) internal pure returns (uint256) {
        return Terms.unwrap(self) >> WORKER_STAKE;
    }

    function schedulerShare(Terms self) internal pure returns (uint16) {
        return uint16(Terms.unwrap(self) >> SCHEDULER_SHARE);
    }

    function grace(Terms self) internal pure returns (uint16) {
        return uint16(Terms.unwrap(self) >> GRACE);
    }

    function lane(Terms self) internal pure returns (uint8) {
        return uint8(Terms.unwrap(self) >> LANE);
    }

    function category(Terms self) internal pure returns (uint8) {
        return uint8(Terms.unwrap(self) >> CATEGORY);
    }

    function maxWeight(Terms self) internal pure returns (uint8) {
        return uint8(Terms.unwrap(self) >> MAX_WEIGHT);
    }

    function trust(Terms self) internal pure returns (uint32) {
        return uint32(Terms.unwrap(self) >> TRUST);
    }

    function volume(Terms self) internal pure returns (uint32) {
        return uint32(Terms.unwrap(self) >> VOLUME);
    }

    /// @notice In seconds.
    function openedAt(Terms self) internal pure returns (uint40) {
        return uint40(Terms.unwrap(self));
    }
}
