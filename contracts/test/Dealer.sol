// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {CapabilitiesLib} from "../types/Capabilities.sol";
import {Deal} from "../types/Deal.sol";
import {
    AppOrder,
    DatasetOrder,
    PoolOrder,
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "../types/Orders.sol";
import {Vm} from "./Test.sol";
import {World} from "./World.sol";

/// @dev The three asks of a match.
struct Offer {
    AppOrder app;
    DatasetOrder dataset;
    PoolOrder pool;
}

/// @title Dealer
/// @notice Asks and requests of any terms, the deals that come of them, and a plain record of what may happen to orders.
abstract contract Dealer is World {
    uint8 internal constant LANES = 3;
    /// @dev Tasks that a standing ask is good for.
    uint256 internal constant STANDING_VOLUME = 5;

    struct Ask {
        address signer;
        bytes32 orderHash;
        bool cancelled;
        uint256 taken;
    }

    /// @notice What did not hold when it was looked at, by number of docs/invariants.md.
    mapping(bytes3 number => uint256) public broken;
    /// @notice What REQUESTER still allows FRIEND.
    uint256 public allowanceLeft;
    /// @notice Asks of STANDING_VOLUME tasks.
    Ask[] public asks;

    Deal[] internal _deals;
    uint256 internal _lastNonce;
    uint256 internal _standing;
    uint256 private _rolls;
    mapping(address signer => mapping(bytes32 orderHash => uint256)) private _askNumbers;
    mapping(bytes32 requestHash => uint256) private _nonceOf;
    mapping(address requester => mapping(uint256 nonce => uint256)) internal _timesUsed;

    /* CHANCE */

    /// @dev Fresh bits: the runner likes to give small numbers, and the same ones again.
    function _roll(uint256 any) internal returns (uint256) {
        return uint256(keccak256(abi.encode(any, ++_rolls)));
    }

    function _between(uint256 word, uint256 at, uint256 low, uint256 high) internal pure returns (uint256) {
        return bound(uint32(word >> at), low, high);
    }

    /// @dev Up to `high`; one in eight is of a few wei, which burn nothing and leave dust.
    function _price(uint256 word, uint256 salt, uint256 high) private pure returns (uint128) {
        uint256 any = uint256(keccak256(abi.encode(word, salt)));
        return uint128(bound(any >> 8, 0, any & 7 == 0 ? 300 : high));
    }

    function _must(bool holds, bytes3 number) internal {
        if (!holds) ++broken[number];
    }

    /* ORDERS */

    function _offer(uint256 word) internal view returns (Offer memory offer) {
        (AppOrder memory app, DatasetOrder memory dataset, PoolOrder memory pool) = (
            offer.app,
            offer.dataset,
            offer.pool
        );
        (app.app, pool.pool) = (1, 1);
        (app.price, dataset.price, pool.price) = (
            _price(word, 0, 10 ether),
            _price(word, 1, 5 ether),
            _price(word, 2, 100 ether)
        );
        (app.volume, dataset.volume, pool.volume) = (type(uint256).max, type(uint256).max, type(uint256).max);
        (app.expiry, dataset.expiry, pool.expiry) = (type(uint40).max, type(uint40).max, type(uint40).max);
        app.counter = marketplace.counterOf(appRegistry.ownerOf(1));
        pool.counter = marketplace.counterOf(poolRegistry.ownerOf(1));
        pool.maxTrust = type(uint32).max;
        pool.capabilities = bytes32(uint256(CapabilitiesLib.CALLBACK));
        pool.lane = uint8(_between(word, 0, 0, LANES - 1));
        // A vote stakes little, or as much as the task costs, of which a bond covers ten.
        pool.workerStake = uint16(_between(word, 32, 0, word & 1 == 0 ? 2000 : 10_000));
        pool.schedulerShare = uint16(_between(word, 64, 0, word & 14 == 0 ? 10_000 : 3000));
        // Half of the pools settle at once, the others within the lifetime of a deal.
        pool.grace = word & 16 == 0 ? 0 : uint16(_between(word, 96, 1, 2000));
        pool.category = uint8(_between(word, 128, 0, 2));
    }

    function _request(uint256 word, Offer memory offer) internal returns (RequestOrder memory request) {
        (request.app, request.dataset) = (1, offer.dataset.dataset);
        (request.maxAppPrice, request.maxDatasetPrice) = (type(uint128).max, type(uint128).max);
        request.maxPoolPrice = type(uint128).max;
        (request.requester, request.payer, request.beneficiary) = (REQUESTER, REQUESTER, REQUESTER);
        request.category = offer.pool.category;
        request.trust = uint32(_between(word, 160, 2, 6));
        request.maxWeight = uint8(_between(word, 192, 2, 16));
        request.volume = uint32(_between(word, 224, 1, 4));
        request.nonce = ++_lastNonce;
        request.expiry = type(uint40).max;
    }

    /// @dev Asks that are good for a few tasks, the same ones until they are used up.
    function _standingOffer() internal returns (Offer memory offer, uint256 left) {
        offer = _offer(uint256(keccak256(abi.encode("standing", _standing))));
        (offer.app.volume, offer.app.salt) = (STANDING_VOLUME, bytes32(_standing));
        bytes32 orderHash = marketplace.hashAppOrder(offer.app);
        address signer = appRegistry.ownerOf(1);
        if (_askNumbers[signer][orderHash] == 0) {
            asks.push(Ask(signer, orderHash, false, 0));
            _askNumbers[signer][orderHash] = asks.length;
        }
        Ask storage ask = asks[_askNumbers[signer][orderHash] - 1];
        left = ask.cancelled ? 0 : STANDING_VOLUME - ask.taken;
    }

    function _approveAsks(Offer memory offer) internal {
        vm.prank(appRegistry.ownerOf(1));
        marketplace.approveAppOrder(offer.app);
        vm.prank(DATASET_OWNER);
        marketplace.approveDatasetOrder(offer.dataset);
        vm.prank(poolRegistry.ownerOf(1));
        marketplace.approvePoolOrder(offer.pool);
    }

    function _approveRequest(RequestOrder memory request) internal {
        _nonceOf[marketplace.hashRequestOrder(request)] = request.nonce;
        vm.prank(request.requester);
        marketplace.approveRequestOrder(request);
    }

    /* DEALS */

    function _open(Offer memory offer, RequestOrder memory request) internal {
        _approveAsks(offer);
        _approveRequest(request);
        vm.recordLogs();
        marketplace.matchOrders(
            SignedAppOrder(offer.app, ""),
            SignedDatasetOrder(offer.dataset, ""),
            SignedPoolOrder(offer.pool, ""),
            SignedRequestOrder(request, "")
        );
        _noteOpened(vm.getRecordedLogs());
    }

    /// @dev What the marketplace opened, and what it took for that.
    function _noteOpened(Vm.Log[] memory logs) internal {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IMarketplace.DealOpened.selector) _noteDeal(abi.decode(logs[i].data, (Deal)));
            if (logs[i].topics[0] != IMarketplace.OrdersMatched.selector) continue;
            (bytes32 appOrder, , , uint256 tasks) = abi.decode(logs[i].data, (bytes32, bytes32, bytes32, uint256));
            _noteTaken(appRegistry.ownerOf(1), appOrder, tasks);
        }
    }

    function _noteDeal(Deal memory deal) private {
        _deals.push(deal);
        _must(++_timesUsed[deal.requester][_nonceOf[deal.requestHash]] == 1, "I20");
        if (deal.payer == deal.requester) return;
        uint256 price =
            (deal.assetPrices.app() + deal.assetPrices.dataset() + deal.poolMoney.price()) * deal.terms.volume();
        _must(price <= allowanceLeft, "I22");
        allowanceLeft = price < allowanceLeft ? allowanceLeft - price : 0;
    }

    function _noteTaken(address signer, bytes32 orderHash, uint256 tasks) private {
        uint256 number = _askNumbers[signer][orderHash];
        if (number == 0) return;
        Ask storage ask = asks[number - 1];
        ask.taken += tasks;
        _must(!ask.cancelled && ask.taken <= STANDING_VOLUME, "I21");
    }

    function _noteCancelled(address signer, bytes32 orderHash) internal {
        asks[_askNumbers[signer][orderHash] - 1].cancelled = true;
    }
}
