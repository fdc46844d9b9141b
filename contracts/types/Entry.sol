// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice One line of a double-entry posting in {Escrow}.
struct Entry {
    address account;
    int256 available; // change, in wei
    int256 locked; // change, in wei
}
