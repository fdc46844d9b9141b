// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IEscrow} from "./interfaces/IEscrow.sol";
import {MillToken} from "./MillToken.sol";
import {Balance, BalanceLib} from "./types/Balance.sol";
import {Entry} from "./types/Entry.sol";

/// @title Escrow
/// @notice See {IEscrow}. Nobody owns it; who may post is fixed at construction.
contract Escrow is IEscrow {
    using SafeERC20 for IERC20;

    /* IMMUTABLES */

    /// @notice The token that everything is paid in.
    MillToken public immutable token;
    /// @notice The two contracts that may post.
    address public immutable marketplace;
    address public immutable hub;

    /* STORAGE */

    mapping(address account => Balance) private _balances;
    /// @inheritdoc IEscrow
    uint256 public pendingBurn;

    constructor(MillToken token_, address marketplace_, address hub_) {
        token = token_;
        marketplace = marketplace_;
        hub = hub_;
    }

    /* USERS */

    /// @inheritdoc IEscrow
    function deposit(uint128 amount) external {
        _deposit(msg.sender, amount);
    }

    /// @inheritdoc IEscrow
    function depositFor(address account, uint128 amount) external {
        _deposit(account, amount);
    }

    /// @inheritdoc IEscrow
    function depositWithPermit(uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        try token.permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(msg.sender, amount);
    }

    /// @inheritdoc IEscrow
    function withdraw(uint128 amount) external {
        _withdraw(msg.sender, amount);
    }

    /// @inheritdoc IEscrow
    function withdrawTo(address to, uint128 amount) external {
        if (to == address(this)) revert EscrowPaysItself();
        _withdraw(to, amount);
    }

    /* LEDGERS */

    /// @inheritdoc IEscrow
    function post(Entry[] calldata entries) external {
        _checkLedger();
        int256 sum;
        for (uint256 i; i < entries.length; ++i) {
            Entry calldata entry = entries[i];
            (address account, int256 available, int256 locked) = (entry.account, entry.available, entry.locked);
            _change(account, available, locked);
            unchecked {
                sum += available + locked; // of no more entries than fit a block, whose balances have 128 bits
            }
            // What a balance can change by has less than 128 bits, since the whole supply has 94.
            emit Posted(account, int128(available), int128(locked));
        }
        if (sum > 0) revert EscrowCreatesTokens(sum);
        if (sum < 0) pendingBurn += uint256(-sum);
    }

    /// @inheritdoc IEscrow
    function lock(address account, uint256 amount) external {
        _checkLedger();
        Balance balance = _balances[account];
        uint128 available = balance.available();
        if (amount > available) revert EscrowInsufficientBalance(account, available, -int256(amount));
        uint128 change = uint128(amount);
        unchecked {
            // Compared above; and what an account has is never more than the token's supply.
            _balances[account] = BalanceLib.pack(available - change, balance.locked() + change);
        }
        emit Locked(account, amount);
    }

    /* ANYBODY */

    /// @inheritdoc IEscrow
    function sweepBurned() external returns (uint256 amount) {
        amount = pendingBurn;
        pendingBurn = 0;

        emit Burned(amount);

        token.burn(amount);
    }

    /// @inheritdoc IEscrow
    function balanceOf(address account) external view returns (uint128 available, uint128 locked) {
        Balance balance = _balances[account];
        return (balance.available(), balance.locked());
    }

    /* PRIVATE */

    function _deposit(address account, uint128 amount) private {
        if (amount == 0) revert EscrowZeroAmount();

        _change(account, int256(uint256(amount)), 0);

        emit Deposited(account, msg.sender, amount);

        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    function _withdraw(address to, uint128 amount) private {
        if (amount == 0) revert EscrowZeroAmount();
        _change(msg.sender, -int256(uint256(amount)), 0);

        emit Withdrawn(msg.sender, to, amount);

        IERC20(token).safeTransfer(to, amount);
    }

    function _change(address account, int256 available, int256 locked) private {
        Balance balance = _balances[account];
        (bool fits, Balance changed) = balance.changed(available, locked);
        if (!fits) {
            (bool availableFits, ) = balance.changed(available, 0);
            if (!availableFits) revert EscrowInsufficientBalance(account, balance.available(), available);
            revert EscrowInsufficientBalance(account, balance.locked(), locked);
        }
        _balances[account] = changed;
    }

    function _checkLedger() private view {
        if (msg.sender != marketplace && msg.sender != hub) revert EscrowNotLedger(msg.sender);
    }
}
