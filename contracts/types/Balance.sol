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
}
