// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {BallotLib, OpenedBallot} from "../types/Ballot.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {KeptVote} from "../types/KeptVotes.sol";
import {World} from "./World.sol";

/// @title Voters
/// @notice How the workers of a {World} vote on a deal: the packed tasks of a settle, and the ballots to it. Who votes what is
/// one word, two bits for each worker and task: nothing, nothing, right or wrong.
abstract contract Voters is World {
    uint8 internal constant LANE = 0;
    bytes32 private constant SECRET = keccak256("secret");

    /// @dev What the last settle kept of a task.
    mapping(bytes32 taskId => KeptVote[]) internal _kept;

    /// @dev Every worker votes on every task of the deal, or not, as the bits of `votes` say. `ballotOf` says where the
    /// ballot of a worker stands, plus one.
    function _cast(
        Deal memory deal,
        uint256 votes,
        bool silent
    ) internal view returns (bytes memory tasks, bytes32[] memory votesHashes, uint16[] memory ballotOf) {
        votesHashes = new bytes32[](WORKERS);
        for (uint256 i; i < WORKERS; ++i) {
            for (uint32 index; index < deal.volume; ++index) {
                if (!_votes(votes, i, index)) continue;
                bytes32 taskId = DealLib.taskId(deal.id(), index);
                votesHashes[i] = BallotLib.roll(votesHashes[i], taskId, _sealOf(votes, i, index, taskId));
            }
        }
        ballotOf = _ballotsOf(deal, votesHashes);
        for (uint32 index; index < deal.volume; ++index) {
            bytes32 taskId = DealLib.taskId(deal.id(), index);
            tasks = bytes.concat(tasks, _packTask(votes, ballotOf, index, taskId, silent));
        }
    }

    /// @dev An empty one of those of whom there are kept votes alone.
    function _ballots(
        bytes32[] memory votesHashes,
        uint16[] memory ballotOf,
        bool silent
    ) internal view returns (OpenedBallot[] memory ballots, bytes32[] memory leaves) {
        (uint256 count, uint256 voting) = (0, 0);
        for (uint256 i; i < WORKERS; ++i) {
            if (ballotOf[i] != 0) ++count;
            if (votesHashes[i] != 0) ++voting;
        }
        ballots = new OpenedBallot[](count);
        leaves = new bytes32[](voting);
        for (uint256 i = WORKERS; i > 0; --i) {
            if (ballotOf[i - 1] == 0) continue;
            ballots[ballotOf[i - 1] - 1].worker = _workers[i - 1];
            if (votesHashes[i - 1] == 0) continue;
            leaves[--voting] = BallotLib.leafOf(_workers[i - 1], votesHashes[i - 1]);
            bytes32 secret = silent && i == 1 ? bytes32(0) : SECRET;
            ballots[ballotOf[i - 1] - 1] = _ballot(i - 1, votesHashes[i - 1], secret);
        }
    }

    /// @dev Workers who vote now, or of whom a vote was kept.
    function _ballotsOf(
        Deal memory deal,
        bytes32[] memory votesHashes
    ) private view returns (uint16[] memory ballotOf) {
        ballotOf = new uint16[](WORKERS);
        for (uint32 index; index < deal.volume; ++index) {
            KeptVote[] storage kept = _kept[DealLib.taskId(deal.id(), index)];
            for (uint256 i; i < kept.length; ++i) {
                ballotOf[_placeOf(kept[i].worker)] = 1;
            }
        }
        uint16 count;
        for (uint256 i; i < WORKERS; ++i) {
            if (votesHashes[i] != 0 || ballotOf[i] != 0) ballotOf[i] = ++count;
        }
    }

    function _placeOf(address worker) private view returns (uint256 place) {
        while (_workers[place] != worker) ++place;
    }

    function _packTask(
        uint256 votes,
        uint16[] memory ballotOf,
        uint32 index,
        bytes32 taskId,
        bool silent
    ) private view returns (bytes memory) {
        uint8 count;
        bytes memory cast = _packKept(ballotOf, taskId);
        for (uint256 i; i < WORKERS; ++i) {
            if (!_votes(votes, i, index)) continue;
            ++count;
            uint16 ballot = ballotOf[i] - 1;
            cast =
                silent && i == 0
                    ? bytes.concat(cast, abi.encodePacked(ballot, uint8(255), _sealOf(votes, i, index, taskId)))
                    : bytes.concat(cast, abi.encodePacked(ballot, _right(votes, i, index) ? uint8(0) : uint8(1)));
        }
        bytes memory head = abi.encodePacked(uint16(0), index, uint8(2), uint8(_kept[taskId].length), count);
        return bytes.concat(head, _digest(0), _digest(1), cast);
    }

    function _packKept(uint16[] memory ballotOf, bytes32 taskId) private view returns (bytes memory packed) {
        KeptVote[] storage kept = _kept[taskId];
        for (uint256 i; i < kept.length; ++i) {
            uint16 ballot = ballotOf[_placeOf(kept[i].worker)] - 1;
            packed =
                kept[i].isSealed
                    ? bytes.concat(packed, abi.encodePacked(ballot, uint8(255), kept[i].word))
                    : bytes.concat(packed, abi.encodePacked(ballot, kept[i].word == _digest(0) ? uint8(0) : uint8(1)));
        }
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
