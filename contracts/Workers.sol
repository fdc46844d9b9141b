// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "./interfaces/IEscrow.sol";
import {IHub} from "./interfaces/IHub.sol";
import {Book, Ledger} from "./libraries/Ledger.sol";
import {Entry} from "./types/Entry.sol";
import {EpochLib} from "./types/Epoch.sol";
import {Round, Voter} from "./types/Round.sol";
import {WorkerAccount, WorkerAccountLib} from "./types/WorkerAccount.sol";

/// @title Workers
/// @notice What workers have at stake and how they are rated. The part of {Hub} that knows workers; see {IHub}.
abstract contract Workers is IHub {
    using Ledger for Book;

    /* IMMUTABLES */

    IEscrow public immutable escrow;

    /* STORAGE */

    mapping(address worker => WorkerAccount) internal _workers;

    constructor(IEscrow escrow_) {
        escrow = escrow_;
    }

    /* BONDS */

    /// @inheritdoc IHub
    function bond(uint96 amount) external {
        if (amount == 0) revert HubZeroAmount();

        int128 change = int128(uint128(amount));
        // First: who has that much has less than a bond can hold.
        _post(msg.sender, -change, change);

        _workers[msg.sender].bonded += amount;

        emit Bonded(msg.sender, amount);
    }

    /// @inheritdoc IHub
    function unbond(uint96 amount) external {
        if (amount == 0) revert HubZeroAmount();
        WorkerAccount storage account = _workers[msg.sender];

        account.unbond(amount);

        emit Unbonding(msg.sender, amount, account.readyAt);
    }

    /// @inheritdoc IHub
    function withdrawBond() external {
        uint96 amount = _workers[msg.sender].release();

        emit BondWithdrawn(msg.sender, amount);

        int128 change = int128(uint128(amount));
        _post(msg.sender, change, -change);
    }

    /* VIEWS */

    /// @inheritdoc IHub
    function workerOf(
        address worker
    ) external view returns (uint96 bonded, uint96 unbonding, uint40 readyAt, uint24 score) {
        WorkerAccount storage account = _workers[worker];
        return (account.bonded, account.unbonding, account.readyAt, account.score);
    }

    /// @inheritdoc IHub
    function coverOf(address worker) external view returns (uint256) {
        WorkerAccount storage account = _workers[worker];
        return account.coverUntil(block.timestamp + EpochLib.WINDOW);
    }

    /* INTERNAL: A ROUND */

    /// @dev Slashes and rates each worker, and enters what it earned and lost.
    function _closeVoters(Round memory round) internal {
        (Voter[] memory voters, Book memory book) = (round.voters, round.book);
        for (uint256 i; i < voters.length; ++i) {
            Voter memory voter = voters[i];
            // Kept votes are covered one by one: together they may stake more than there is.
            if (voter.lost > voter.cover) voter.lost = voter.cover;
            unchecked {
                book.add(voter.worker, int256(voter.earned), -int256(voter.lost)); // parts of balances
            }
            if (voter.agreed | voter.differed == 0) continue;
            WorkerAccount storage account = _workers[voter.worker];
            if (voter.lost != 0) {
                account.slash(voter.lost);
                emit Slashed(voter.worker, voter.lost);
            }
            account.score = WorkerAccountLib.rated(voter.score, voter.agreed, voter.differed);
        }
    }

    /* PRIVATE */

    function _post(address account, int128 available, int128 locked) private {
        Entry[] memory entries = new Entry[](1);
        entries[0] = Entry({account: account, available: available, locked: locked});
        escrow.post(entries);
    }
}
