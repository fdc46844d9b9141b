// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {Entry} from "../types/Entry.sol";
import {Places} from "./Places.sol";

/// @notice One net entry per account, in memory.
struct Book {
    Entry[] entries; // the first `used` are in use
    uint256[] table; // hash table of entry number + 1; its length is a power of two
    uint256 used;
    bytes32 salt; // of the table
}

/// @title Ledger
/// @notice Collects what a call changes per account, so that {Escrow} writes each account once.
library Ledger {
    using Places for uint256[];

    /// @dev Makes all entries now; {add} makes nothing new, so that a caller may give memory back in between.
    /// @param capacity The most accounts that will be named.
    /// @param salt What nobody knew when the accounts were chosen: else they could be chosen to collide in the table,
    /// which makes the call dear.
    function create(uint256 capacity, bytes32 salt) internal pure returns (Book memory book) {
        uint256 size = 2;
        while (size < 2 * capacity) size *= 2;
        book.entries = new Entry[](capacity);
        book.table = new uint256[](size);
        book.salt = salt;
    }

    /// @notice Adds to the account's entry. The amounts are parts of balances, in wei, which have 128 bits.
    function add(Book memory book, address account, int256 available, int256 locked) internal pure {
        if (available | locked == 0) return;
        uint256[] memory table = book.table;
        uint256 slot = uint256(Hashes.efficientKeccak256(book.salt, bytes32(uint256(uint160(account)))));
        unchecked {
            uint256 mask = table.length - 1;
            for (slot &= mask; table.at(slot) != 0; slot = (slot + 1) & mask) {
                Entry memory known = book.entries[table.at(slot) - 1];
                if (known.account == account) return _add(known, available, locked);
            }
        }
        Entry memory entry = book.entries[book.used];
        entry.account = account;
        _add(entry, available, locked);
        table.put(slot, ++book.used);
    }

    /// @notice The entries; the book is of no use any more.
    function close(Book memory book) internal pure returns (Entry[] memory entries) {
        entries = book.entries;
        uint256 used = book.used;
        // Assembly, because Solidity can shorten an array in memory only by copying it.
        assembly ("memory-safe") {
            mstore(entries, used)
        }
    }

    function _add(Entry memory entry, int256 available, int256 locked) private pure {
        unchecked {
            entry.available += int128(available);
            entry.locked += int128(locked);
        }
    }
}
