// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title IAppRegistry
/// @notice Apps as transferable assets (ERC-721, ids from 1). What an app is never changes; who owns it may.
interface IAppRegistry {
    /// @dev A Docker image, pinned.
    struct App {
        bytes32 digest; // sha256 of the image
        string image; // where to pull it, without the digest
    }

    /// @notice `owner` registered app `id`.
    event AppRegistered(uint256 indexed id, address indexed owner, string image, bytes32 digest);

    /// @notice The image is not named, or the digest is zero.
    error AppIncomplete();

    /// @notice Registers an image and gives the app to the caller.
    /// @param image Where to pull the image, e.g. `registry.example/render`.
    /// @param digest sha256 of the image, as in `image@sha256:...`.
    function register(string calldata image, bytes32 digest) external returns (uint256 id);

    /// @notice What app `id` is. Reverts where there is none.
    function appOf(uint256 id) external view returns (App memory);
}
