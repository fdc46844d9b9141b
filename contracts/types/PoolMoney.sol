// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice What the pool owner is paid and stakes per task, in wei: the price in the upper half, the stake in the lower.
type PoolMoney is uint256;

using PoolMoneyLib for PoolMoney global;

/// @title PoolMoneyLib
/// @notice Packing and reading of {PoolMoney}.
library PoolMoneyLib {
    function pack(uint128 price_, uint128 stake_) internal pure returns (PoolMoney) {
        return PoolMoney.wrap((uint256(price_) << 128) | stake_);
    }

    function price(PoolMoney self) internal pure returns (uint256) {
        return PoolMoney.unwrap(self) >> 128;
    }

    function stake(PoolMoney self) internal pure returns (uint256) {
        return uint128(PoolMoney.unwrap(self));
    }
}
