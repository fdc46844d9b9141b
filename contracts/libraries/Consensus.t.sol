// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Test} from "../test/Test.sol";
import {Consensus} from "./Consensus.sol";

contract ConsensusTest is Test {
    /// @dev I8: at most one answer is ever accepted, since trust is at least 2.
    function testFuzz_AcceptsOneGroupAtMost(uint128 first, uint128 second, uint128 third, uint32 trust) public pure {
        uint256 wanted = bound(trust, 2, type(uint32).max);
        uint256 total = 1 + uint256(first) + second + third;
        uint256 accepted;
        if (Consensus.isAccepted(first, total, wanted)) ++accepted;
        if (Consensus.isAccepted(second, total, wanted)) ++accepted;
        if (Consensus.isAccepted(third, total, wanted)) ++accepted;
        assertTrue(accepted <= 1, "I8");
    }

    /// @dev I9: a weight is from 2 to the request's maximum, and never falls as the score rises.
    function testFuzz_WeighsWithinBounds(uint24 score, uint8 maximum) public pure {
        uint256 maxWeight = bound(maximum, 2, 127);
        uint256 weight = Consensus.weightOf(score, maxWeight);
        assertTrue(weight >= 2 && weight <= maxWeight, "I9 bounds");
        if (score > 0) assertTrue(Consensus.weightOf(score - 1, maxWeight) <= weight, "I9 monotone");
        uint256 shares = Consensus.sharesOf(weight);
        assertTrue(2 ** shares <= weight && weight < 2 ** (shares + 1), "I9 shares");
    }
}
