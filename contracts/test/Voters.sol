// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {BallotLib, OpenedBallot} from "../types/Ballot.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {Keepers} from "./Keepers.sol";

/// @dev What `seal` and `settle` are called with.
struct Draft {
    uint8 lane;
    uint256 votes; // who votes what, see {Voters}
    Deal[] deals; // ascending by id
    bytes32[] votesHashes; // of each worker; zero: it has no vote in this epoch
    uint16[] places; // of each worker's ballot, plus one; zero: it has no ballot
    bytes tasks; // packed
    bytes[] callbacks;
    OpenedBallot[] ballots;
    bytes32[] leaves;
}

/// @title Voters
/// @notice How the workers of a {World} vote on all tasks of a few deals. Who votes what is one word: three bits for each task
/// and worker (nothing, wrong or right), above them four for each worker (whether it opens), and one for each task (whether
/// its callback's preimage is missing), and one for each task (whether votes that were kept sealed are opened).
abstract contract Voters is Keepers {
    uint256 internal constant MOST_DEALS = 3;
    uint256 private constant BITS = 3;
    uint256 private constant SILENT_AT = 192;
    uint256 private constant MISSING_AT = 216;
    uint256 private constant OPENS_AT = 232;

    /* A ROUND */

    /// @dev The lane's next epoch, from these votes on these deals.
    function _draft(
        uint8 lane,
        uint256 votes,
        Deal[] memory deals,
        uint40 sealBy
    ) internal view returns (Draft memory draft) {
        (draft.lane, draft.votes, draft.deals) = (lane, votes, deals);
        draft.votesHashes = new bytes32[](WORKERS);
        draft.callbacks = new bytes[](_countCallbacks(deals));
        uint256 number;
        for (uint256 d; d < deals.length; ++d) {
            bytes32 dealId = deals[d].id();
            for (uint32 index; index < deals[d].terms.volume(); ++index) {
                _rollTask(draft, number++, DealLib.taskId(dealId, index), _rightOf(deals[d], dealId, index));
            }
        }
        _placeBallots(draft);
        _packTasks(draft);
        _fillBallots(draft, sealBy);
    }

    /// @dev Deals of the lane, of the newest first; closed ones now and then.
    function _dealsOf(uint8 lane, uint256 word) internal view returns (Deal[] memory deals) {
        deals = new Deal[](MOST_DEALS);
        uint256 count;
        uint256 most = 1 + (word % MOST_DEALS);
        for (uint256 i = _deals.length; i > 0 && count < most; --i) {
            Deal memory deal = _deals[i - 1];
            if (deal.terms.lane() != lane) continue;
            (bool open, ) = hub.dealState(deal.id());
            if (open || (word >> i) & 7 == 0) deals[count++] = deal;
        }
        assembly ("memory-safe") {
            mstore(deals, count)
        }
        _sort(deals);
    }

    /// @dev What the deal's task is meant to come to. For a receiver: what it is to hear, behind a prefix.
    function _rightOf(Deal memory deal, bytes32 dealId, uint32 index) internal pure returns (bytes32) {
        if (deal.callback == address(0)) return bytes32(uint256(2));
        return keccak256(abi.encodePacked("gridmill.callback", _dataOf(dealId, index)));
    }

    function _digestOf(uint256 votes, uint256 number, uint256 worker, bytes32 right) internal pure returns (bytes32) {
        return _isWrong(votes, number, worker) ? WRONG : right;
    }

    /// @dev Two always vote: a task that names two digests needs two votes at least.
    function _hasVote(uint256 votes, uint256 number, uint256 worker) internal pure returns (bool) {
        return worker < 2 || _bits(votes, number, worker) > 1;
    }

    function _isSilent(uint256 votes, uint256 worker) internal pure returns (bool) {
        return (votes >> (SILENT_AT + 4 * worker)) & 15 == 0;
    }

    function _opensKept(uint256 votes, uint256 number) internal pure returns (bool) {
        return (votes >> (OPENS_AT + number)) & 1 == 1;
    }

    /// @dev The same votes, where the first worker opens nothing.
    function _withSilence(uint256 votes) internal pure returns (uint256) {
        return _withoutSilence(votes) & ~(uint256(15) << SILENT_AT);
    }

    /// @dev The same votes, with all kept ones opened, or none.
    function _openingKept(uint256 votes, bool opens) internal pure returns (uint256) {
        uint256 mask = uint256(0xffff) << OPENS_AT;
        return opens ? votes | mask : votes & ~mask;
    }

    /// @dev The same votes, all of them opened.
    function _withoutSilence(uint256 votes) internal pure returns (uint256) {
        for (uint256 i; i < WORKERS; ++i) {
            votes |= 1 << (SILENT_AT + 4 * i);
        }
        return votes;
    }

    /* PRIVATE: TASKS */

    function _rollTask(Draft memory draft, uint256 number, bytes32 taskId, bytes32 right) private view {
        for (uint256 i; i < WORKERS; ++i) {
            if (!_hasVote(draft.votes, number, i)) continue;
            bytes32 sealedVote = _sealOf(i, taskId, _digestOf(draft.votes, number, i, right));
            draft.votesHashes[i] = BallotLib.roll(draft.votesHashes[i], taskId, sealedVote);
        }
    }

    function _packTasks(Draft memory draft) private view {
        (uint256 number, uint256 callback) = (0, 0);
        for (uint16 d; d < draft.deals.length; ++d) {
            Deal memory deal = draft.deals[d];
            bytes32 dealId = deal.id();
            for (uint32 index; index < deal.terms.volume(); ++index) {
                bytes32 right = _rightOf(deal, dealId, index);
                bytes memory task = _packTask(draft, number, DealLib.taskId(dealId, index), right);
                draft.tasks = bytes.concat(draft.tasks, abi.encodePacked(d, index), task);
                if (deal.callback != address(0)) {
                    bool isMissing = (draft.votes >> (MISSING_AT + number)) & 7 == 0;
                    draft.callbacks[callback++] = isMissing ? bytes("") : _dataOf(dealId, index);
                }
                ++number;
            }
        }
    }

    function _packTask(
        Draft memory draft,
        uint256 number,
        bytes32 taskId,
        bytes32 right
    ) private view returns (bytes memory) {
        uint8 count;
        bytes memory cast = _packKept(taskId, draft.places, _opensKept(draft.votes, number));
        for (uint256 i; i < WORKERS; ++i) {
            if (!_hasVote(draft.votes, number, i)) continue;
            ++count;
            bytes32 digest = _digestOf(draft.votes, number, i, right);
            uint16 ballot = draft.places[i] - 1;
            cast =
                _isSilent(draft.votes, i)
                    ? bytes.concat(cast, abi.encodePacked(ballot, SEALED_VOTE, _sealOf(i, taskId, digest)))
                    : bytes.concat(cast, abi.encodePacked(ballot, digest == WRONG ? uint8(0) : uint8(1)));
        }
        return bytes.concat(abi.encodePacked(uint8(2), uint8(_kept[taskId].length), count, WRONG, right), cast);
    }

    function _countCallbacks(Deal[] memory deals) private pure returns (uint256 count) {
        for (uint256 i; i < deals.length; ++i) {
            if (deals[i].callback != address(0)) count += deals[i].terms.volume();
        }
    }

    /* PRIVATE: BALLOTS */

    /// @dev Workers who vote now, or of whom a vote was kept.
    function _placeBallots(Draft memory draft) private view {
        draft.places = new uint16[](WORKERS);
        for (uint256 d; d < draft.deals.length; ++d) {
            for (uint32 index; index < draft.deals[d].terms.volume(); ++index) {
                bytes32 taskId = DealLib.taskId(draft.deals[d].id(), index);
                for (uint256 i; i < WORKERS; ++i) {
                    if (_keptOf(taskId, _workers[i]) != 0) draft.places[i] = 1;
                }
            }
        }
        uint16 count;
        for (uint256 i; i < WORKERS; ++i) {
            if (draft.places[i] != 0 || draft.votesHashes[i] != 0) draft.places[i] = ++count;
        }
    }

    /// @dev An empty one of those of whom there are kept votes alone.
    function _fillBallots(Draft memory draft, uint40 sealBy) private view {
        (uint256 count, uint256 voting) = (0, 0);
        for (uint256 i; i < WORKERS; ++i) {
            if (draft.places[i] != 0) ++count;
            if (draft.votesHashes[i] != 0) ++voting;
        }
        (draft.ballots, draft.leaves) = (new OpenedBallot[](count), new bytes32[](voting));
        for (uint256 i = WORKERS; i > 0; --i) {
            bytes32 votesHash = draft.votesHashes[i - 1];
            if (draft.places[i - 1] == 0) continue;
            draft.ballots[--count].worker = _workers[i - 1];
            if (votesHash == 0) continue;
            draft.leaves[--voting] = BallotLib.leafOf(_workers[i - 1], votesHash);
            draft.ballots[count] = _ballot(draft, i - 1, sealBy);
        }
    }

    function _ballot(Draft memory draft, uint256 worker, uint40 sealBy) private view returns (OpenedBallot memory) {
        (, uint64 epoch, , ) = hub.epochOf(1, draft.lane);
        bytes32 structHash = BallotLib.structHash(1, draft.lane, epoch + 1, sealBy, draft.votesHashes[worker]);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Gridmill"),
                keccak256("1"),
                block.chainid,
                address(hub)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[worker], digest);
        bytes32 secret = _isSilent(draft.votes, worker) ? bytes32(0) : SECRET;
        return OpenedBallot(_workers[worker], sealBy, secret, r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    /* PRIVATE: A VOTE */

    function _bits(uint256 votes, uint256 number, uint256 worker) private pure returns (uint256) {
        return (votes >> (BITS * (WORKERS * number + worker))) & 7;
    }

    function _isWrong(uint256 votes, uint256 number, uint256 worker) private pure returns (bool) {
        return _bits(votes, number, worker) == 2;
    }

    function _dataOf(bytes32 dealId, uint32 index) private pure returns (bytes memory) {
        return abi.encode(dealId, index);
    }

    function _sort(Deal[] memory deals) private pure {
        for (uint256 i = 1; i < deals.length; ++i) {
            for (uint256 j = i; j > 0 && deals[j].id() < deals[j - 1].id(); --j) {
                (deals[j], deals[j - 1]) = (deals[j - 1], deals[j]);
            }
        }
    }
}
