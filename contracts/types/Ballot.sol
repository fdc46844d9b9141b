// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {Words} from "../libraries/Words.sol";

/// @notice One worker's ballot as a settle brings it.
struct OpenedBallot {
    address worker;
    uint40 sealBy; // not valid for a seal after it
    bytes32 secret; // zero: the worker did not open
    bytes32 r; // signature, ERC-2098
    bytes32 vs;
}

/// @title BallotLib
/// @notice The hashes that bind a worker to its votes.
library BallotLib {
    bytes32 internal constant BALLOT_TYPEHASH = keccak256(
        "Ballot(uint256 pool,uint8 lane,uint64 epoch,uint40 sealBy,bytes32 votesHash)"
    );

    /// @notice A vote that nobody can copy or guess without `secret`.
    function sealOf(address worker, bytes32 taskId, bytes32 digest, bytes32 secret) internal pure returns (bytes32) {
        return Words.hash(bytes32(uint256(uint160(worker))), taskId, digest, secret);
    }

    /// @notice The votes of a ballot so far, and one more. Starts at zero.
    function roll(bytes32 votesHash, bytes32 taskId, bytes32 sealedVote) internal pure returns (bytes32) {
        return Words.hash(votesHash, taskId, sealedVote);
    }

    function leafOf(address worker, bytes32 votesHash) internal pure returns (bytes32) {
        return Hashes.efficientKeccak256(bytes32(uint256(uint160(worker))), votesHash);
    }

    function jointHashOf(bytes32[] calldata leaves) internal pure returns (bytes32) {
        return Words.hash(leaves);
    }

    /// @notice The EIP-712 struct hash that a worker signs.
    function structHash(
        uint256 pool,
        uint8 lane,
        uint64 epoch,
        uint40 sealBy,
        bytes32 votesHash
    ) internal pure returns (bytes32) {
        bytes32 kind = BALLOT_TYPEHASH;
        return Words.hash(kind, bytes32(pool), _word(lane), _word(epoch), _word(sealBy), votesHash);
    }

    function _word(uint256 number) private pure returns (bytes32) {
        return bytes32(number);
    }
}
