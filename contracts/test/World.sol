// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {AppRegistry} from "../AppRegistry.sol";
import {DatasetRegistry} from "../DatasetRegistry.sol";
import {Escrow} from "../Escrow.sol";
import {Hub} from "../Hub.sol";
import {Marketplace} from "../Marketplace.sol";
import {MillToken} from "../MillToken.sol";
import {PoolRegistry} from "../PoolRegistry.sol";
import {ReceiverMock} from "../mocks/ReceiverMock.sol";
import {Test} from "./Test.sol";

/// @title World
/// @notice Everything deployed, one app, one dataset, one pool, five bonded workers, everybody funded.
abstract contract World is Test {
    uint256 internal constant WORKERS = 5;
    uint256 internal constant FUNDS = 1_000_000 ether;
    /// @dev Covers a vote or two of the dearest tasks.
    uint96 internal constant BOND = 100 ether;

    address internal constant REQUESTER = address(0xA1);
    address internal constant APP_OWNER = address(0xA2);
    address internal constant POOL_OWNER = address(0xA3);
    address internal constant OPERATOR = address(0xA4);
    /// @dev Operates the pool now and then.
    address internal constant SUCCESSOR = address(0xA5);
    address internal constant DATASET_OWNER = address(0xA6);
    /// @dev Owns app and pool now and then.
    address internal constant BUYER = address(0xA7);
    /// @dev Signs requests that REQUESTER pays for.
    address internal constant FRIEND = address(0xA8);
    address internal constant STRANGER = address(0xBAD);
    uint256 private constant PERSONS = 9;

    MillToken public token;
    Escrow public escrow;
    AppRegistry public appRegistry;
    DatasetRegistry public datasetRegistry;
    PoolRegistry public poolRegistry;
    Marketplace public marketplace;
    Hub public hub;
    ReceiverMock public receiver;

    /// @dev Ascending by address, with the keys in the same order.
    address[] internal _workers;
    uint256[] internal _keys;

    constructor() {
        vm.warp(1_800_000_000);
        token = MillToken(deploy("MillToken", abi.encode(address(this)))); // nonce 1
        escrow = Escrow(deploy("Escrow", abi.encode(token, _created(6), _created(7))));
        appRegistry = AppRegistry(deploy("AppRegistry", ""));
        datasetRegistry = DatasetRegistry(deploy("DatasetRegistry", ""));
        poolRegistry = PoolRegistry(deploy("PoolRegistry", abi.encode(_created(7))));
        marketplace = Marketplace(
            deploy("Marketplace", abi.encode(escrow, _created(7), appRegistry, datasetRegistry, poolRegistry))
        );
        hub = Hub(deploy("Hub", abi.encode(escrow, poolRegistry, marketplace)));
        receiver = ReceiverMock(deploy("ReceiverMock", ""));
        token.approve(address(escrow), type(uint256).max);
        _registerAssets();
        _addWorkers();
        escrow.depositFor(REQUESTER, uint128(FUNDS));
        escrow.depositFor(POOL_OWNER, uint128(FUNDS));
        escrow.depositFor(BUYER, uint128(FUNDS));
    }

    /// @notice Everybody who can have a balance.
    function accounts() public view returns (address[] memory all) {
        all = new address[](WORKERS + PERSONS);
        (all[0], all[1], all[2], all[3]) = (REQUESTER, APP_OWNER, DATASET_OWNER, POOL_OWNER);
        (all[4], all[5], all[6], all[7], all[8]) = (OPERATOR, SUCCESSOR, BUYER, FRIEND, STRANGER);
        for (uint256 i; i < WORKERS; ++i) {
            all[PERSONS + i] = _workers[i];
        }
    }

    function _registerAssets() private {
        vm.prank(APP_OWNER);
        appRegistry.register("registry.example/app", keccak256("image"));
        vm.prank(DATASET_OWNER);
        datasetRegistry.register("ipfs://dataset", keccak256("data"), false);
        vm.prank(POOL_OWNER);
        poolRegistry.register(OPERATOR, "https://pool.example");
    }

    function _addWorkers() private {
        for (uint256 key = 1; key <= WORKERS; ++key) {
            _insert(vm.addr(key), key);
        }
        for (uint256 i; i < WORKERS; ++i) {
            escrow.depositFor(_workers[i], uint128(FUNDS));
            vm.prank(_workers[i]);
            hub.bond(BOND);
        }
    }

    function _insert(address worker, uint256 key) private {
        _workers.push(worker);
        _keys.push(key);
        for (uint256 i = _workers.length - 1; i > 0 && _workers[i] < _workers[i - 1]; --i) {
            (_workers[i], _workers[i - 1]) = (_workers[i - 1], _workers[i]);
            (_keys[i], _keys[i - 1]) = (_keys[i - 1], _keys[i]);
        }
    }

    /// @dev The contract that this one creates with this nonce (below 128).
    function _created(uint8 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), nonce)))));
    }
}
