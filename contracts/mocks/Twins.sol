// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Asks, DealTerms} from "../libraries/DealTerms.sol";
import {DemandsLib} from "../libraries/Demands.sol";
import {Matching} from "../libraries/Matching.sol";
import {Places} from "../libraries/Places.sol";
import {Posting} from "../libraries/Posting.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Words} from "../libraries/Words.sol";
import {Deal} from "../types/Deal.sol";
import {Entry} from "../types/Entry.sol";
import {AppOrder, DatasetOrder, OrdersLib, PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Voter, VoterLib} from "../types/Round.sol";

/// @title Twins
/// @notice What is written for its gas, and beside it what it must do the same as. Takes orders as calldata.
contract Twins {
    using DealTerms for Deal;
    using OrdersLib for RequestOrder;

    /// @notice Hash of the last call of {post}.
    bytes32 public posted;

    function agree(
        AppOrder calldata app,
        DatasetOrder calldata dataset,
        PoolOrder calldata pool,
        RequestOrder calldata request,
        bool withDataset
    ) external view returns (bool quick, bool plain) {
        Asks memory asks;
        asks.datasetOrder = bytes32(uint256(withDataset ? 1 : 0));
        Deal memory deal = DealTerms.offerOf(app, dataset, pool, asks);
        deal.fill(request, 0, pool.grace);
        quick = DemandsLib.demandsOf(app, dataset, pool, withDataset).areMetBy(deal, request);
        plain = Matching.problemOfTerms(app, dataset, pool, request, withDataset).length == 0;
    }

    function copyQuick(RequestOrder calldata order) external pure returns (RequestOrder memory copy, bytes32 hash) {
        copy = OrdersLib.room();
        hash = order.copyTo(copy);
    }

    function copyPlain(RequestOrder calldata order) external pure returns (RequestOrder memory copy, bytes32 hash) {
        copy = order;
        hash = order.structHash();
    }

    function announceQuick(Deal memory deal, bytes32 dealId) external {
        deal.announce(dealId);
    }

    function announcePlain(Deal memory deal, bytes32 dealId) external {
        emit IMarketplace.DealOpened(dealId, deal.pool, deal.requester, deal);
    }

    function signedQuick(address signer, bytes32 hash, bytes calldata signature) external pure returns (bool) {
        return Signatures.signedByKey(signer, hash, signature);
    }

    function signedPlain(address signer, bytes32 hash, bytes calldata signature) external pure returns (bool) {
        (address recovered, ECDSA.RecoverError problem, ) = signature.length == 64
            ? ECDSA.tryRecover(hash, bytes32(signature[:32]), bytes32(signature[32:]))
            : ECDSA.tryRecoverCalldata(hash, signature);
        return problem == ECDSA.RecoverError.NoError && recovered == signer;
    }

    function hashQuick(bytes32[6] calldata w) external pure returns (bytes32, bytes32, bytes32) {
        return (
            Words.hash(w[0], w[1], w[2]),
            Words.hash(w[0], w[1], w[2], w[3]),
            Words.hash(w[0], w[1], w[2], w[3], w[4], w[5])
        );
    }

    function hashPlain(bytes32[6] calldata w) external pure returns (bytes32, bytes32, bytes32) {
        return (
            keccak256(abi.encode(w[0], w[1], w[2])),
            keccak256(abi.encode(w[0], w[1], w[2], w[3])),
            keccak256(abi.encode(w))
        );
    }

    function hashListQuick(bytes32[] calldata words, uint256 count) external pure returns (bytes32, bytes32) {
        uint256[] memory copy = Places.room(words.length);
        for (uint256 i; i < words.length; ++i) {
            copy[i] = uint256(words[i]);
        }
        return (Words.hash(words), Words.hashOfFirst(copy, count));
    }

    function hashListPlain(bytes32[] calldata words, uint256 count) external pure returns (bytes32, bytes32) {
        return (keccak256(abi.encodePacked(words)), keccak256(abi.encodePacked(words[:count])));
    }

    /// @dev What is made behind the room, and before it, keeps out of it.
    function roomsQuick(
        uint256 count
    ) external pure returns (uint256[] memory, bytes32 voters, uint256[] memory behind) {
        _soil(count);
        uint256[] memory words = Places.room(count);
        Voter[] memory room = VoterLib.room(count);
        behind = new uint256[](count);
        return (words, _filled(room, behind), behind);
    }

    function roomsPlain(
        uint256 count
    ) external pure returns (uint256[] memory, bytes32 voters, uint256[] memory behind) {
        uint256[] memory words = new uint256[](count);
        Voter[] memory room = new Voter[](count);
        behind = new uint256[](count);
        return (words, _filled(room, behind), behind);
    }

    /// @dev Takes the place of the escrow: notes what it was called with, and reverts where an entry names nobody.
    function post(Entry[] calldata entries) external {
        for (uint256 i; i < entries.length; ++i) {
            if (entries[i].account == address(0)) revert IEscrow.EscrowCreatesTokens(entries[i].available);
        }
        posted = keccak256(msg.data);
    }

    function postQuick(Entry[] calldata entries, uint256 more) external returns (bytes32) {
        _soil(entries.length);
        bytes memory posting = Posting.room(entries.length + more);
        uint256[] memory behind = new uint256[](1);
        behind[0] = type(uint256).max;
        for (uint256 i; i < entries.length; ++i) {
            Posting.nameAt(posting, i, entries[i].account);
            Posting.addAt(posting, i, entries[i].available, 0);
            Posting.addAt(posting, i, 0, entries[i].locked);
            assert(Posting.accountAt(posting, i) == entries[i].account);
        }
        Posting.deliver(posting, address(this), entries.length);
        assert(behind[0] == type(uint256).max);
        return posted;
    }

    function postPlain(Entry[] calldata entries) external returns (bytes32) {
        this.post(entries);
        return posted;
    }

    function placesQuick(
        uint256[] memory words,
        uint256 place,
        uint256 word
    ) external pure returns (uint256 before, uint256[] memory) {
        before = Places.at(words, place);
        Places.put(words, place, word);
        return (before, words);
    }

    function placesPlain(
        uint256[] memory words,
        uint256 place,
        uint256 word
    ) external pure returns (uint256 before, uint256[] memory) {
        before = words[place];
        words[place] = word;
        return (before, words);
    }

    /// @dev Memory that was used and given back is not zero.
    function _soil(uint256 words) private pure {
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        uint256[] memory soiled = new uint256[](20 * words + 8);
        for (uint256 i; i < soiled.length; ++i) {
            soiled[i] = type(uint256).max;
        }
        Memory.unsafeSetFreeMemoryPointer(free);
    }

    /// @dev The voters as they are found, and with another value in each field.
    function _filled(Voter[] memory voters, uint256[] memory behind) private pure returns (bytes32 hash) {
        hash = keccak256(abi.encode(voters));
        for (uint256 i; i < voters.length; ++i) {
            (Voter memory voter, uint256 value) = (voters[i], 16 * i + 1);
            (voter.worker, voter.secret, voter.votesHash) = (
                address(uint160(value)),
                bytes32(value + 1),
                bytes32(value + 2)
            );
            (voter.cover, voter.free, voter.score, voter.maxWeight) = (value + 3, value + 4, value + 5, value + 6);
            (voter.weight, voter.shares, voter.earned, voter.lost) = (value + 7, value + 8, value + 9, value + 10);
            (voter.agreed, voter.differed, voter.keptTask) = (value + 11, value + 12, bytes32(value + 13));
            behind[i] = value + 14;
        }
        return keccak256(abi.encode(hash, voters));
    }
}
