// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Entry} from "../types/Entry.sol";

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
    /// @dev Makes all entries now; {entryOf} makes nothing new, so that a caller may give memory back in between.
    /// @param capacity The most accounts that will be asked for.
    /// @param salt What nobody knew when the accounts were chosen: else they could be chosen to collide in the table,
    /// which makes the call dear.
    function create(uint256 capacity, bytes32 salt) internal pure returns (Book memory book) {
        uint256 size = 2;
        while (size < 2 * capacity) size *= 2;
        book.entries = new Entry[](capacity);
        book.table = new uint256[](size);
        book.salt = salt;
    }

    /// @notice The account's entry, to be changed in place.
    function entryOf(Book memory book, address account) internal pure returns (Entry memory entry) {
        uint256 mask = book.table.length - 1;
        uint256 slot = uint256(keccak256(abi.encode(book.salt, account))) & mask;
        while (book.table[slot] != 0) {
            entry = book.entries[book.table[slot] - 1];
            if (entry.account == account) return entry;
            slot = (slot + 1) & mask;
        }
        entry = book.entries[book.used];
        entry.account = account;
        book.table[slot] = ++book.used;
    }

    /// @notice The entries that change something.
    function changes(Book memory book) internal pure returns (Entry[] memory entries) {
        uint256 count;
        for (uint256 i; i < book.used; ++i) {
            if (_changes(book.entries[i])) ++count;
        }
        entries = new Entry[](count);
        for (uint256 i = book.used; i > 0; --i) {
            if (_changes(book.entries[i - 1])) entries[--count] = book.entries[i - 1];
        }
    }

    function _changes(Entry memory entry) private pure returns (bool) {
        return entry.available != 0 || entry.locked != 0;
    }
}
