// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {BallotLib} from "../types/Ballot.sol";
import {DealLib} from "../types/Deal.sol";
import {KeptVote} from "../types/KeptVotes.sol";
import {Dealer} from "./Dealer.sol";
import {Vm} from "./Test.sol";

/// @title Keepers
/// @notice The votes that settles kept, as their events told them, and how they come back to the next settle.
abstract contract Keepers is Dealer {
    bytes32 internal constant WRONG = bytes32(uint256(1));
    bytes32 internal constant SECRET = keccak256("secret");
    uint8 internal constant SEALED_VOTE = 255;
    uint8 private constant OPENED = 128;

    /// @dev What the last settle kept of a task.
    mapping(bytes32 taskId => KeptVote[]) internal _kept;

    /// @dev Notes what was kept, which is what the hub says of it, of each worker one vote.
    function _noteKept(Vm.Log memory log) internal {
        (uint32 index, KeptVote[] memory votes) = abi.decode(log.data, (uint32, KeptVote[]));
        bytes32 taskId = DealLib.taskId(log.topics[1], index);
        delete _kept[taskId];
        for (uint256 i; i < votes.length; ++i) {
            _must(_keptOf(taskId, votes[i].worker) == 0, "I15");
            _kept[taskId].push(votes[i]);
        }
        (, bytes27 votesHash) = hub.keptVotesOf(taskId);
        _must(votesHash == (votes.length == 0 ? bytes27(0) : bytes27(keccak256(abi.encode(votes)))), "I24");
    }

    /// @dev Where a worker's kept vote stands, plus one.
    function _keptOf(bytes32 taskId, address worker) internal view returns (uint256) {
        for (uint256 i; i < _kept[taskId].length; ++i) {
            if (_kept[taskId][i].worker == worker) return i + 1;
        }
        return 0;
    }

    function _numberOfWorker(address worker) internal view returns (uint256 number) {
        while (_workers[number] != worker) ++number;
    }

    function _sealOf(uint256 worker, bytes32 taskId, bytes32 digest) internal view returns (bytes32) {
        return BallotLib.sealOf(_workers[worker], taskId, digest, SECRET);
    }

    /// @dev Whether the vote is for the wrong answer, though it may be sealed.
    function _isKeptWrong(KeptVote memory vote, bytes32 taskId) internal view returns (bool) {
        return vote.word == (vote.isSealed ? _sealOf(_numberOfWorker(vote.worker), taskId, WRONG) : WRONG);
    }

    /// @dev `places` of the workers' ballots, plus one; with `opens` every sealed vote comes with its secret.
    function _packKept(bytes32 taskId, uint16[] memory places, bool opens) internal view returns (bytes memory packed) {
        for (uint256 i; i < _kept[taskId].length; ++i) {
            KeptVote memory vote = _kept[taskId][i];
            uint16 ballot = places[_numberOfWorker(vote.worker)] - 1;
            uint8 group = _isKeptWrong(vote, taskId) ? 0 : 1;
            if (!vote.isSealed) packed = bytes.concat(packed, abi.encodePacked(ballot, group));
            else if (opens) packed = bytes.concat(packed, abi.encodePacked(ballot, OPENED + group, SECRET));
            else packed = bytes.concat(packed, abi.encodePacked(ballot, SEALED_VOTE, vote.word));
        }
    }
}
