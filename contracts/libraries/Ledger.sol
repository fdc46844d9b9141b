// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Places} from "./Places.sol";
import {Posting} from "./Posting.sol";

/// @notice One net entry per account, in memory.
struct Book {
    bytes posting; // the first `used` of its entries are in use
    uint256[] table; // hash table of entry number + 1; its length is a power of two
    uint256 used;
    uint256 salt; // of the table; odd
}

/// @title Ledger
/// @notice Collects what a call changes per account, so that {Escrow} writes each account once.
library Ledger {
    using Places for uint256[];
    using Posting for bytes;

    /// @dev The bits of a product with an unknown odd factor, from a high one on, are a universal hash: of no two accounts can it be
    /// said beforehand that they collide. A block holds no table of 2^16 places.
    uint256 private constant SHIFT = 240;

    /// @dev Makes all entries now; {add} makes nothing new, so that a caller may give memory back in between.
    /// @param capacity The most accounts that will be named.
    /// @param salt What nobody knew when the accounts were chosen: else they could be chosen to collide in the table,
    /// which makes the call dear.
    function start(Book memory book, uint256 capacity, bytes32 salt) internal pure {
        uint256 size = 2;
        unchecked {
            // As many accounts as fit a block.
            while (size < 2 * capacity) size *= 2;
        }
        book.posting = Posting.room(capacity);
        book.table = Places.room(size);
        book.salt = uint256(salt) | 1;
    }

    /// @notice Adds to the account's entry. The amounts are parts of balances, in wei, which have 128 bits.
    function add(Book memory book, address account, int256 available, int256 locked) internal pure {
        if (available | locked == 0) return;
        (bytes memory posting, uint256[] memory table) = (book.posting, book.table);
        unchecked {
            uint256 slot = (uint256(uint160(account)) * book.salt) >> SHIFT;
            uint256 mask = table.length - 1;
            for (slot &= mask; table.at(slot) != 0; slot = (slot + 1) & mask) {
                uint256 place = table.at(slot) - 1;
                if (posting.accountAt(place) == account) return posting.addAt(place, available, locked);
            }
            uint256 used = book.used;
            posting.nameAt(used, account);
            posting.addAt(used, available, locked);
            book.used = ++used;
            table.put(slot, used);
        }
    }

    /// @notice Posts the entries; the book is of no use any more.
    function post(Book memory book, address escrow) internal {
        book.posting.deliver(escrow, book.used);
    }
}
