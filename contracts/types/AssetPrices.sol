// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice What app and dataset cost per task, in wei: the app's price in the upper half, the dataset's in the lower.
type AssetPrices is uint256;

using AssetPricesLib for AssetPrices global;

/// @title AssetPricesLib
/// @notice Packing and reading of {AssetPrices}.
library AssetPricesLib {
    function pack(uint128 app_, uint128 dataset_) internal pure returns (AssetPrices) {
        return AssetPrices.wrap((uint256(app_) << 128) | dataset_);
    }

    function app(AssetPrices self) internal pure returns (uint256) {
        return AssetPrices.unwrap(self) >> 128;
    }

    function dataset(AssetPrices self) internal pure returns (uint256) {
        return uint128(AssetPrices.unwrap(self));
    }
}
