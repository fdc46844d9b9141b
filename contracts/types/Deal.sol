// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {Categories} from "../libraries/Categories.sol";
import {AssetPrices} from "./AssetPrices.sol";
import {EpochLib} from "./Epoch.sol";
import {PoolMoney} from "./PoolMoney.sol";
import {Terms} from "./Terms.sol";

/// @notice What was agreed at the match. Never stored: callers bring it, and its hash proves it.
struct Deal {
    uint256 app;
    uint256 dataset; // 0: none
    uint256 pool;
    address appOwner;
    address datasetOwner;
    address poolOwner;
    address requester;
    address payer;
    address beneficiary;
    address callback; // 0: none
    AssetPrices assetPrices; // app and dataset
    PoolMoney poolMoney; // price and stake
    Terms terms; // everything narrow
    bytes32 requirements;
    bytes32 paramsHash;
    bytes32 requestHash;
}

using DealLib for Deal global;

/// @title DealLib
/// @notice Names and times that follow from a deal.
library DealLib {
    /// @dev 16 words.
    uint256 internal constant BYTES = 512;

    /// @notice The deal's name.
    function id(Deal memory self) internal pure returns (bytes32 name) {
        // Assembly, because `abi.encode` would copy word by word what lies there in the same form.
        assembly ("memory-safe") {
            name := keccak256(self, BYTES)
        }
    }

    /// @notice The same of a deal in calldata. A deal whose addresses have dirty bits has the name of no deal.
    function idOf(Deal calldata self) internal pure returns (bytes32 name) {
        // Assembly, because `abi.encode` would check and copy word by word what lies there in the same form.
        assembly ("memory-safe") {
            let copy := mload(0x40)
            calldatacopy(copy, self, BYTES)
            name := keccak256(copy, BYTES)
        }
    }

    function taskId(bytes32 dealId, uint256 index) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(dealId, bytes32(index));
    }

    /// @notice What the payer locks for one task.
    function taskPrice(Deal calldata self) internal pure returns (uint256) {
        return self.assetPrices.app() + self.assetPrices.dataset() + self.poolMoney.price();
    }

    /// @notice The last second in which an epoch may be sealed for the deal.
    function deadline(Deal calldata self) internal pure returns (uint256) {
        return self.terms.openedAt() + 10 * Categories.timeOf(self.terms.category());
    }

    /// @notice The last second in which a task of the deal may settle; then anybody may claim what is open.
    function claimableAfter(Deal calldata self) internal pure returns (uint256) {
        return self.deadline() + EpochLib.WINDOW;
    }

    /// @notice The last second in which the pool may decline, where the deal has a grace.
    function graceEnd(Deal calldata self) internal pure returns (uint256) {
        return uint256(self.terms.openedAt()) + self.terms.grace();
    }
}
