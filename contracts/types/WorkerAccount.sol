// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice What {Hub} knows of a worker. One slot.
struct WorkerAccount {
    uint96 bonded; // backs votes
    uint96 unbonding; // backs votes until it is ready
    uint40 readyAt; // when `unbonding` may be withdrawn
    uint24 score; // votes that agreed, less what was lost by differing
}

using WorkerAccountLib for WorkerAccount global;

/// @title WorkerAccountLib
/// @notice The moves of a bond and of a score.
library WorkerAccountLib {
    uint256 internal constant UNBONDING = 1 days;

    /// @notice The worker has bonded only `bonded`.
    error HubBondTooSmall(uint96 bonded, uint96 wanted);
    /// @notice The worker is not unbonding anything.
    error HubNothingUnbonding(address worker);
    /// @notice The unbonding amount is ready at `readyAt`.
    error HubBondNotReady(uint40 readyAt);

    /// @notice What can be lost by votes that settle until `until`.
    function coverUntil(WorkerAccount storage self, uint256 until) internal view returns (uint256) {
        return self.readyAt > until ? uint256(self.bonded) + self.unbonding : self.bonded;
    }

    /// @dev bonded -> unbonding. A second call restarts the delay for all of it.
    function unbond(WorkerAccount storage self, uint96 amount) internal {
        if (amount > self.bonded) revert HubBondTooSmall(self.bonded, amount);
        self.bonded -= amount;
        self.unbonding += amount;
        self.readyAt = uint40(block.timestamp + UNBONDING);
    }

    /// @dev unbonding -> nothing.
    function release(WorkerAccount storage self) internal returns (uint96 amount) {
        amount = self.unbonding;
        if (amount == 0) revert HubNothingUnbonding(msg.sender);
        if (block.timestamp < self.readyAt) revert HubBondNotReady(self.readyAt);
        self.unbonding = 0;
    }

    /// @dev Takes from what is bonded first. `amount` is never above the cover that the votes used up.
    function slash(WorkerAccount storage self, uint256 amount) internal {
        uint256 fromBonded = amount < self.bonded ? amount : self.bonded;
        self.bonded -= uint96(fromBonded);
        self.unbonding -= uint96(amount - fromBonded);
    }

    /// @notice The score after these votes: gains first, then a third off for each vote that differed.
    function rated(uint256 score, uint256 agreed, uint256 differed) internal pure returns (uint24) {
        score += agreed;
        for (uint256 i; i < differed && score != 0; ++i) {
            score = (score * 2) / 3;
        }
        return score > type(uint24).max ? type(uint24).max : uint24(score);
    }
}
