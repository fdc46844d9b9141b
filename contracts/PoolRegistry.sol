// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

import {IHub} from "./interfaces/IHub.sol";
import {IPoolRegistry} from "./interfaces/IPoolRegistry.sol";

/// @title PoolRegistry
/// @notice See {IPoolRegistry}.
contract PoolRegistry is IPoolRegistry, ERC721 {
    /// @notice Who is told of each change of an operator.
    IHub public immutable hub;

    mapping(uint256 id => Pool) private _pools;
    uint256 private _lastId;

    constructor(IHub hub_) ERC721("Gridmill Pool", "GMPOOL") {
        hub = hub_;
    }

    /// @inheritdoc IPoolRegistry
    function register(address operator, string calldata endpoint) external returns (uint256 id) {
        if (operator == address(0)) revert PoolZeroOperator();

        id = ++_lastId;
        _pools[id] = Pool({operator: operator, endpoint: endpoint});
        _mint(msg.sender, id);

        emit PoolRegistered(id, msg.sender, operator, endpoint);

        hub.setOperator(id, operator);
    }

    /// @inheritdoc IPoolRegistry
    function setOperator(uint256 id, address operator) external {
        _checkOwner(id);
        if (operator == address(0)) revert PoolZeroOperator();

        _pools[id].operator = operator;

        emit PoolOperatorChanged(id, operator);

        hub.setOperator(id, operator);
    }

    /// @inheritdoc IPoolRegistry
    function setEndpoint(uint256 id, string calldata endpoint) external {
        _checkOwner(id);

        _pools[id].endpoint = endpoint;

        emit PoolEndpointChanged(id, endpoint);
    }

    /// @inheritdoc IPoolRegistry
    function poolOf(uint256 id) external view returns (Pool memory) {
        _requireOwned(id);
        return _pools[id];
    }

    /// @inheritdoc IPoolRegistry
    function operatorOf(uint256 id) external view returns (address) {
        return _pools[id].operator;
    }

    function _checkOwner(uint256 id) private view {
        if (_requireOwned(id) != msg.sender) revert PoolNotOwner(id, msg.sender);
    }
}
