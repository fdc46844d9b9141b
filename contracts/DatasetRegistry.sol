// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

import {IDatasetRegistry} from "./interfaces/IDatasetRegistry.sol";

/// @title DatasetRegistry
/// @notice See {IDatasetRegistry}.
contract DatasetRegistry is IDatasetRegistry, ERC721 {
    mapping(uint256 id => Dataset) private _datasets;
    uint256 private _lastId;

    constructor() ERC721("Gridmill Dataset", "GMDATA") {}

    /// @inheritdoc IDatasetRegistry
    function register(string calldata location, bytes32 digest, bool encrypted) external returns (uint256 id) {
        if (bytes(location).length == 0 || digest == 0) revert DatasetIncomplete();

        id = ++_lastId;
        _datasets[id] = Dataset({digest: digest, encrypted: encrypted, location: location});
        _mint(msg.sender, id);

        emit DatasetRegistered(id, msg.sender, location, digest, encrypted);
    }

    /// @inheritdoc IDatasetRegistry
    function datasetOf(uint256 id) external view returns (Dataset memory) {
        _requireOwned(id);
        return _datasets[id];
    }
}
