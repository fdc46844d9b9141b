// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice An ask of an app's owner. Valid while `block.timestamp <= expiry`; restrictions of zero restrict nothing.
struct AppOrder {
    uint256 app;
    uint128 price; // per task, in wei
    uint256 volume; // tasks; the greatest value means unlimited
    uint40 expiry;
    uint256 counter; // must equal the signer's current one
    bytes32 salt;
    uint256 onlyDataset;
    uint256 onlyPool;
    address onlyRequester;
}

/// @notice An ask of a dataset's owner.
struct DatasetOrder {
    uint256 dataset;
    uint128 price; // per task, in wei
    uint256 volume;
    uint40 expiry;
    uint256 counter;
    bytes32 salt;
    uint256 onlyApp;
    uint256 onlyPool;
    address onlyRequester;
}

/// @notice An ask of a pool's owner. All that a worker or requester relies on is signed in it.
struct PoolOrder {
    uint256 pool;
    uint128 price; // per task, in wei
    uint256 volume;
    uint40 expiry;
    uint256 counter;
    bytes32 salt;
    uint256 onlyApp;
    uint256 onlyDataset;
    address onlyRequester;
    uint8 category;
    uint32 maxTrust;
    bytes32 capabilities; // see {CapabilitiesLib}
    uint8 lane;
    uint16 workerStake; // what a vote stakes, in bps of the price
    uint16 schedulerShare; // what the pool owner keeps, in bps of the price
    uint16 grace; // seconds in which the pool may decline
}

/// @notice A bid for `volume` tasks. Filled whole and once.
struct RequestOrder {
    uint256 app;
    uint256 dataset; // 0: none
    uint256 pool; // 0: any
    uint128 maxAppPrice; // per task, in wei
    uint128 maxDatasetPrice;
    uint128 maxPoolPrice;
    address requester;
    address payer;
    address beneficiary;
    address callback; // 0: none
    uint32 trust;
    uint8 maxWeight;
    uint8 category;
    bytes32 requirements; // see {CapabilitiesLib}
    bytes32 paramsHash;
    uint32 volume;
    uint256 nonce; // unordered
    uint40 expiry;
}

/// @dev The signature may be empty: of a signer that approved the order on chain, or of a contract that asks for none.
struct SignedAppOrder {
    AppOrder order;
    bytes signature;
}

struct SignedDatasetOrder {
    DatasetOrder order;
    bytes signature;
}

struct SignedPoolOrder {
    PoolOrder order;
    bytes signature;
}

struct SignedRequestOrder {
    RequestOrder order;
    bytes signature;
}

/// @title OrdersLib
/// @notice EIP-712 struct hashes. Every field is one word, so the structs encode as EIP-712 wants them.
library OrdersLib {
    bytes32 internal constant APP_ORDER_TYPEHASH = keccak256(
        "AppOrder(uint256 app,uint128 price,uint256 volume,uint40 expiry,uint256 counter,bytes32 salt,uint256 onlyDataset,uint256 onlyPool,address onlyRequester)"
    );
    bytes32 internal constant DATASET_ORDER_TYPEHASH = keccak256(
        "DatasetOrder(uint256 dataset,uint128 price,uint256 volume,uint40 expiry,uint256 counter,bytes32 salt,uint256 onlyApp,uint256 onlyPool,address onlyRequester)"
    );
    bytes32 internal constant POOL_ORDER_TYPEHASH = keccak256(
        "PoolOrder(uint256 pool,uint128 price,uint256 volume,uint40 expiry,uint256 counter,bytes32 salt,uint256 onlyApp,uint256 onlyDataset,address onlyRequester,uint8 category,uint32 maxTrust,bytes32 capabilities,uint8 lane,uint16 workerStake,uint16 schedulerShare,uint16 grace)"
    );
    bytes32 internal constant REQUEST_ORDER_TYPEHASH = keccak256(
        "RequestOrder(uint256 app,uint256 dataset,uint256 pool,uint128 maxAppPrice,uint128 maxDatasetPrice,uint128 maxPoolPrice,address requester,address payer,address beneficiary,address callback,uint32 trust,uint8 maxWeight,uint8 category,bytes32 requirements,bytes32 paramsHash,uint32 volume,uint256 nonce,uint40 expiry)"
    );

    /// @notice A word of a request holds more than its type.
    error MarketplaceRequestMalformed();

    uint256 private constant ASK_WORDS = 9;
    uint256 private constant POOL_WORDS = 16;
    uint256 private constant REQUEST_WORDS = 18;

    function structHash(AppOrder calldata order) internal pure returns (bytes32) {
        uint256 at;
        assembly ("memory-safe") {
            at := order
        }
        return _hash(APP_ORDER_TYPEHASH, at, ASK_WORDS);
    }

    function structHash(DatasetOrder calldata order) internal pure returns (bytes32) {
        uint256 at;
        assembly ("memory-safe") {
            at := order
        }
        return _hash(DATASET_ORDER_TYPEHASH, at, ASK_WORDS);
    }

    function structHash(PoolOrder calldata order) internal pure returns (bytes32) {
        uint256 at;
        assembly ("memory-safe") {
            at := order
        }
        return _hash(POOL_ORDER_TYPEHASH, at, POOL_WORDS);
    }

    function structHash(RequestOrder calldata order) internal pure returns (bytes32) {
        uint256 at;
        assembly ("memory-safe") {
            at := order
        }
        return _hash(REQUEST_ORDER_TYPEHASH, at, REQUEST_WORDS);
    }

    /// @notice Room for a request in memory. Its type hash lies before it, so that it is hashed where it lies.
    function room() internal pure returns (RequestOrder memory order) {
        bytes32 typeHash = REQUEST_ORDER_TYPEHASH;
        // Assembly, because Solidity cannot put anything before a struct.
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, typeHash)
            order := add(at, 0x20)
            mstore(0x40, add(order, mul(REQUEST_WORDS, 0x20)))
        }
    }

    /// @notice Copies the request into {room}.
    /// @dev Assembly, because Solidity would check and copy word by word, at three times the gas. As there, dirty bits revert.
    /// @return hash The struct hash.
    function copyTo(RequestOrder calldata order, RequestOrder memory copy) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let size := mul(REQUEST_WORDS, 0x20)
            calldatacopy(copy, order, size)
            hash := keccak256(sub(copy, 0x20), add(size, 0x20))
        }
        if (_hasDirtyBits(copy)) revert MarketplaceRequestMalformed();
    }

    function _hasDirtyBits(RequestOrder memory order) private pure returns (bool dirty) {
        assembly ("memory-safe") {
            let prices := or(or(mload(add(order, 0x60)), mload(add(order, 0x80))), mload(add(order, 0xa0)))
            let parties := or(mload(add(order, 0xc0)), mload(add(order, 0xe0)))
            parties := or(parties, or(mload(add(order, 0x100)), mload(add(order, 0x120))))
            let counts := or(mload(add(order, 0x140)), mload(add(order, 0x1e0)))
            let bytes_ := or(mload(add(order, 0x160)), mload(add(order, 0x180)))
            dirty := or(shr(128, prices), shr(160, parties))
            dirty := or(dirty, or(shr(32, counts), shr(8, bytes_)))
            dirty := or(dirty, shr(40, mload(add(order, 0x220))))
            dirty := iszero(iszero(dirty))
        }
    }

    /// @dev Assembly, because `abi.encode` would check and copy word by word what lies there in the same form. An order
    /// whose words have dirty bits has the hash of no order.
    function _hash(bytes32 typeHash, uint256 at, uint256 words) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let copy := mload(0x40)
            let size := mul(words, 0x20)
            mstore(copy, typeHash)
            calldatacopy(add(copy, 0x20), at, size)
            hash := keccak256(copy, add(size, 0x20))
        }
    }
}
