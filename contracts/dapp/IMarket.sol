// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IMarketplace} from "../interfaces/IMarketplace.sol";

/// @title IMarket
/// @notice {Marketplace} as a contract that asks for computations needs it: it leads to all else.
interface IMarket is IMarketplace {
    /// @notice Where the money of requesters lies.
    function escrow() external view returns (IEscrow);

    /// @notice Who brings the answers.
    function hub() external view returns (address);
}
