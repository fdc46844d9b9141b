// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Entry} from "../types/Entry.sol";

/// @title IEscrow
/// @notice Holds every token of the market. Users move what is available to them; the two ledgers
/// ({Marketplace} and {Hub}) move balances by double entry and can never create one.
interface IEscrow {
    /// @notice `amount` came in from `from` and is available to `account`.
    event Deposited(address indexed account, address indexed from, uint256 amount);

    /// @notice `amount` of `account` went out to `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice A ledger changed the two balances of `account` by these amounts.
    event Posted(address indexed account, int128 available, int128 locked);

    /// @notice A ledger locked `amount` of what was available to `account`.
    event Locked(address indexed account, uint256 amount);

    /// @notice `amount` that ledgers had written off left the token's supply.
    event Burned(uint256 amount);

    /// @notice `caller` is not one of the two ledgers.
    error EscrowNotLedger(address caller);

    /// @notice A balance of `account` of `balance` cannot change by `change`: it would be negative or too large.
    error EscrowInsufficientBalance(address account, uint256 balance, int256 change);

    /// @notice The entries add up to `sum` more than was there.
    error EscrowCreatesTokens(int256 sum);

    /// @notice An amount of zero was given.
    error EscrowZeroAmount();

    /// @notice Tokens that the escrow pays to itself would be nobody's.
    error EscrowPaysItself();

    /// @notice Takes `amount` from the caller and makes it available to the caller.
    function deposit(uint128 amount) external;

    /// @notice Takes `amount` from the caller and makes it available to `account`.
    function depositFor(address account, uint128 amount) external;

    /// @notice {deposit}, after trying the caller's permit. A failed permit is ignored: somebody may have sent it
    /// before us, and the allowance decides anyway.
    function depositWithPermit(uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Pays `amount` of the caller's available balance to the caller.
    function withdraw(uint128 amount) external;

    /// @notice Pays `amount` of the caller's available balance to `to`, which cannot be the escrow.
    function withdrawTo(address to, uint128 amount) external;

    /// @notice Changes balances by double entry. Only for the two ledgers.
    /// @dev The sum of all changes is minus what is burned; it may not be positive.
    function post(Entry[] calldata entries) external;

    /// @notice Moves `amount` of what is available to `account` to what is locked. Only for the two ledgers.
    function lock(address account, uint256 amount) external;

    /// @notice Burns what ledgers have written off so far. Anybody may call it.
    /// @return amount What was burned.
    function sweepBurned() external returns (uint256 amount);

    /// @notice The balances of `account`: what it may withdraw or spend, and what is locked in deals and bonds.
    function balanceOf(address account) external view returns (uint128 available, uint128 locked);

    /// @notice What was written off and not yet swept.
    function pendingBurn() external view returns (uint256);
}
