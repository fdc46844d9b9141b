// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

import {IAppRegistry} from "./interfaces/IAppRegistry.sol";

/// @title AppRegistry
/// @notice See {IAppRegistry}.
contract AppRegistry is IAppRegistry, ERC721 {
    mapping(uint256 id => App) private _apps;
    uint256 private _lastId;

    constructor() ERC721("Gridmill App", "GMAPP") {}

    /// @inheritdoc IAppRegistry
    function register(string calldata image, bytes32 digest) external returns (uint256 id) {
        if (bytes(image).length == 0 || digest == 0) revert AppIncomplete();

        id = ++_lastId;
        _apps[id] = App({digest: digest, image: image});
        _mint(msg.sender, id);

        emit AppRegistered(id, msg.sender, image, digest);
    }

    /// @inheritdoc IAppRegistry
    function appOf(uint256 id) external view returns (App memory) {
        _requireOwned(id);
        return _apps[id];
    }
}
