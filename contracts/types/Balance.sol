// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice What an account has in {Escrow}, in wei, in one word: what is available in the lower half, what is locked in
/// the upper.
type Balance is uint256;

using BalanceLib for Balance global;

/// @title BalanceLib
/// @dev A word rather than a struct: it is read once and written once, however much of it changes.
library BalanceLib {
    function pack(uint128 available_, uint128 locked_) internal pure returns (Balance) {
        return Balance.wrap((uint256(locked_) << 128) | available_);
    }

    function available(Balance self) internal pure returns (uint128) {
        return uint128(Balance.unwrap(self));
    }

    function locked(Balance self) internal pure returns (uint128) {
        return uint128(Balance.unwrap(self) >> 128);
    }

    /// @notice After these changes; `fits` unless one half is negative or too large.
    function changed(
        Balance self,
        int256 available_,
        int256 locked_
    ) internal pure returns (bool fits, Balance balance) {
        unchecked {
            // A sum that wraps around is far beyond 128 bits.
            uint256 newAvailable = uint256(int256(uint256(self.available())) + available_);
            uint256 newLocked = uint256(int256(uint256(self.locked())) + locked_);
            fits = (newAvailable | newLocked) >> 128 == 0;
            balance = Balance.wrap((newLocked << 128) | newAvailable);
        }
    }
}
