// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice One line of a double-entry posting in {Escrow}.
struct Entry {
    address account;
    int128 available; // change, in wei
    int128 locked; // change, in wei
}

using EntryLib for Entry global;

/// @title EntryLib
library EntryLib {
    /// @notice Moves `amount` from available to locked.
    function lock(Entry memory self, int128 amount) internal pure {
        self.available -= amount;
        self.locked += amount;
    }
}
