// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {BallotLib, OpenedBallot} from "../types/Ballot.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {World} from "./World.sol";

/// @title Voters
/// @notice How the workers of a {World} vote on a deal: the packed tasks of a settle, and the ballots to it. Who votes what is
/// one word, two bits for each worker and task: nothing, nothing, right or wrong.
abstract contract Voters is World {
    uint8 internal constant LANE = 0;
    bytes32 private constant SECRET = keccak256("secret");

    /// @dev Every worker votes on every task of the deal, or not, as the bits of `votes` say.
    function _cast(
        Deal memory deal,
        uint256 votes,
        bool silent
    ) internal view returns (bytes memory tasks, bytes32[] memory votesHashes) {
        votesHashes = new bytes32[](WORKERS);
        for (uint256 i; i < WORKERS; ++i) {
            for (uint32 index; index < deal.volume; ++index) {
                if (!_votes(votes, i, index)) continue;
                bytes32 taskId = DealLib.taskId(deal.id(), index);
                votesHashes[i] = BallotLib.roll(votesHashes[i], taskId, _sealOf(votes, i, index, taskId));
            }
        }
        for (uint32 index; index < deal.volume; ++index) {
            bytes32 taskId = DealLib.taskId(deal.id(), index);
            tasks = bytes.concat(tasks, _packTask(votes, votesHashes, index, taskId, silent));
        }
    }

    function _ballots(
        bytes32[] memory votesHashes,
        bool silent
    ) internal view returns (OpenedBallot[] memory ballots, bytes32[] memory leaves) {
        uint256 count;
        for (uint256 i; i < WORKERS; ++i) {
            if (votesHashes[i] != 0) ++count;
        }
        ballots = new OpenedBallot[](count);
        leaves = new bytes32[](count);
        for (uint256 i = WORKERS; i > 0; --i) {
            if (votesHashes[i - 1] == 0) continue;
            leaves[--count] = BallotLib.leafOf(_workers[i - 1], votesHashes[i - 1]);
            ballots[count] = _ballot(i - 1, votesHashes[i - 1], silent && i == 1 ? bytes32(0) : SECRET);
        }
    }

    function _packTask(
        uint256 votes,
        bytes32[] memory votesHashes,
        uint32 index,
        bytes32 taskId,
        bool silent
    ) private view returns (bytes memory) {
        (uint8 count, uint16 ballot) = (0, 0);
        bytes memory cast;
        for (uint256 i; i < WORKERS; ++i) {
            if (_votes(votes, i, index)) {
                ++count;
                cast =
                    silent && i == 0
                        ? bytes.concat(cast, abi.encodePacked(ballot, uint8(255), _sealOf(votes, i, index, taskId)))
                        : bytes.concat(cast, abi.encodePacked(ballot, _right(votes, i, index) ? uint8(0) : uint8(1)));
            }
            if (votesHashes[i] != 0) ++ballot;
        }
        return bytes.concat(abi.encodePacked(uint16(0), index, uint8(2), count, _digest(0), _digest(1)), cast);
    }

    function _ballot(uint256 i, bytes32 votesHash, bytes32 secret) private view returns (OpenedBallot memory) {
        (, uint64 epoch, , ) = hub.epochOf(1, LANE);
        bytes32 structHash = BallotLib.structHash(1, LANE, epoch + 1, type(uint40).max, votesHash);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Gridmill"),
                keccak256("1"),
                block.chainid,
                address(hub)
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[i], keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        return OpenedBallot(_workers[i], type(uint40).max, secret, r, vs);
    }

    function _bits(uint256 votes, uint256 worker, uint32 index) private pure returns (uint256) {
        return (votes >> (8 * worker + 2 * index)) & 3;
    }

    /// @dev Two always vote: a task that names two digests needs two votes at least.
    function _votes(uint256 votes, uint256 worker, uint32 index) private pure returns (bool) {
        return worker < 2 || _bits(votes, worker, index) != 0;
    }

    function _right(uint256 votes, uint256 worker, uint32 index) private pure returns (bool) {
        return _bits(votes, worker, index) != 1;
    }

    function _digest(uint256 group) private pure returns (bytes32) {
        return bytes32(group + 1);
    }

    function _sealOf(uint256 votes, uint256 worker, uint32 index, bytes32 taskId) private view returns (bytes32) {
        bytes32 digest = _digest(_right(votes, worker, index) ? 0 : 1);
        return BallotLib.sealOf(_workers[worker], taskId, digest, SECRET);
    }
}
