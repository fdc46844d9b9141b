// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Asks, DealTerms} from "../libraries/DealTerms.sol";
import {DemandsLib} from "../libraries/Demands.sol";
import {Matching} from "../libraries/Matching.sol";
import {Places} from "../libraries/Places.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Words} from "../libraries/Words.sol";
import {Deal} from "../types/Deal.sol";
import {AppOrder, DatasetOrder, OrdersLib, PoolOrder, RequestOrder} from "../types/Orders.sol";

/// @title Twins
/// @notice What is written for its gas, and beside it what it must do the same as. Takes orders as calldata.
contract Twins {
    using DealTerms for Deal;
    using OrdersLib for RequestOrder;

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

    function hashQuick(bytes32 a, bytes32 b, bytes32 c, bytes32 d) external pure returns (bytes32, bytes32) {
        return (Words.hash(a, b, c), Words.hash(a, b, c, d));
    }

    function hashPlain(bytes32 a, bytes32 b, bytes32 c, bytes32 d) external pure returns (bytes32, bytes32) {
        return (keccak256(abi.encode(a, b, c)), keccak256(abi.encode(a, b, c, d)));
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
}
