// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice What a pool offers, or a request asks for. Seven lanes of 32 bits from the most significant end
/// (CPU millicores, memory MiB, disk MiB, GPUs, GPU memory MiB, benchmark, bandwidth Mbit/s), then 32 flags.
type Capabilities is bytes32;

using CapabilitiesLib for Capabilities global;

/// @title CapabilitiesLib
/// @notice Compares them lane by lane.
library CapabilitiesLib {
    uint256 private constant LANE_BITS = 32;

    /// @dev Flags, from the lowest bit: egress, callback, TEE, WebAssembly, NVIDIA, AMD, Intel.
    uint32 internal constant CALLBACK = 1 << 1;

    function flags(Capabilities self) internal pure returns (uint32) {
        return uint32(uint256(Capabilities.unwrap(self)));
    }

    /// @notice Whether every lane is at least the wanted one and every wanted flag is there.
    function covers(Capabilities self, Capabilities wanted) internal pure returns (bool) {
        if (Capabilities.unwrap(wanted) == 0) return true;
        if (wanted.flags() & ~self.flags() != 0) return false;
        uint256 offered = uint256(Capabilities.unwrap(self));
        uint256 needed = uint256(Capabilities.unwrap(wanted));
        for (uint256 shift = LANE_BITS; shift < 256; shift += LANE_BITS) {
            if (uint32(offered >> shift) < uint32(needed >> shift)) return false;
        }
        return true;
    }
}
