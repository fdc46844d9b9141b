// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @title IPoolRegistry
/// @notice Worker pools as transferable assets (ERC-721, ids from 1). The owner may change operator and endpoint.
interface IPoolRegistry {
    struct Pool {
        address operator; // the hot key that seals, settles and declines
        string endpoint; // where workers connect
    }

    /// @notice `owner` registered pool `id`.
    event PoolRegistered(uint256 indexed id, address indexed owner, address operator, string endpoint);

    /// @notice Pool `id` is operated by `operator` from now on.
    event PoolOperatorChanged(uint256 indexed id, address operator);

    /// @notice Pool `id` is reached at `endpoint` from now on.
    event PoolEndpointChanged(uint256 indexed id, string endpoint);

    /// @notice `caller` does not own pool `id`.
    error PoolNotOwner(uint256 id, address caller);

    /// @notice The operator may not be the zero address.
    error PoolZeroOperator();

    /// @notice Registers a pool and gives it to the caller.
    function register(address operator, string calldata endpoint) external returns (uint256 id);

    /// @notice Names another operator. Only for the pool's owner.
    function setOperator(uint256 id, address operator) external;

    /// @notice Names another endpoint. Only for the pool's owner.
    function setEndpoint(uint256 id, string calldata endpoint) external;

    /// @notice Operator and endpoint of pool `id`. Reverts where there is none.
    function poolOf(uint256 id) external view returns (Pool memory);

    /// @notice The operator of pool `id`; zero where there is none.
    function operatorOf(uint256 id) external view returns (address);
}
