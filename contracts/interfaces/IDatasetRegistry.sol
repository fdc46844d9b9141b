// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title IDatasetRegistry
/// @notice Datasets as transferable assets (ERC-721, ids from 1). What a dataset is never changes; who owns it may.
interface IDatasetRegistry {
    struct Dataset {
        bytes32 digest; // sha256 of the bytes as published
        bool encrypted;
        string location; // where to fetch them
    }

    /// @notice `owner` registered dataset `id`.
    event DatasetRegistered(uint256 indexed id, address indexed owner, string location, bytes32 digest, bool encrypted);

    /// @notice The location is empty, or the digest is zero.
    error DatasetIncomplete();

    /// @notice Registers a dataset and gives it to the caller.
    /// @param location Where to fetch it.
    /// @param digest sha256 of the bytes as published.
    /// @param encrypted Whether those bytes are encrypted.
    function register(string calldata location, bytes32 digest, bool encrypted) external returns (uint256 id);

    /// @notice What dataset `id` is. Reverts where there is none.
    function datasetOf(uint256 id) external view returns (Dataset memory);
}
