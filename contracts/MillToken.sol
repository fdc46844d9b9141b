// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title MillToken
/// @notice MILL: 10 billion, 18 decimals, minted once. It can be burned, and nobody can mint more.
contract MillToken is ERC20, ERC20Permit, ERC20Votes, ERC20Burnable {
    /// @notice Everything that will ever exist, in wei.
    uint256 public constant INITIAL_SUPPLY = 10_000_000_000 ether;

    /// @param holder Gets the whole supply.
    constructor(address holder) ERC20("Gridmill", "MILL") ERC20Permit("Gridmill") {
        _mint(holder, INITIAL_SUPPLY);
    }

    /// @notice Votes are counted by time: block numbers mean different things on different chains.
    function clock() public view override returns (uint48) {
        return SafeCast.toUint48(block.timestamp);
    }

    /// @notice See ERC-6372.
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
