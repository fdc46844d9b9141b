// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {IResultReceiver} from "../interfaces/IResultReceiver.sol";
import {Categories} from "../libraries/Categories.sol";
import {EpochLib} from "../types/Epoch.sol";
import {RequestOrder} from "../types/Orders.sol";
import {IMarket} from "./IMarket.sol";

/// @notice What a contract wants computed and what it pays at most, in wei per task; see {RequestOrder}.
struct Computation {
    uint256 app;
    uint256 pool; // 0: any
    uint128 maxAppPrice;
    uint128 maxPoolPrice;
    uint32 trust;
    uint8 maxWeight;
    uint8 category;
    bytes32 requirements;
    uint32 volume; // tasks, and so answers
    address beneficiary; // who may fetch the result from the pool besides
}

/// @title ResultConsumer
/// @notice Base of a contract that asks for computations and hears their results. It is the requester and pays from its
/// own account in the escrow, which anybody may fill by {IEscrow.depositFor}.
/// @dev A request is authorised by {IMarketplace.approveRequestOrder} and not by ERC-1271: the marketplace then knows
/// the one order that was asked for, and no function here has to tell right signatures from wrong ones.
abstract contract ResultConsumer is IResultReceiver {
    /// @dev Kept back of a callback's gas, so that an answer which uses up the rest is noted all the same.
    uint256 private constant NOTE_GAS = 10_000;

    struct Asked {
        uint32 volume; // 0: never asked
        uint40 until; // no answer can come after this second
    }

    /* IMMUTABLES */

    IMarket public immutable marketplace;
    IEscrow public immutable escrow;
    /// @notice The only caller of {onResult}.
    address public immutable hub;

    /* STORAGE */

    mapping(bytes32 requestHash => Asked) private _asked;
    /// @dev One bit an index, 256 to a word.
    mapping(bytes32 requestHash => mapping(uint256 word => uint256)) private _answered;
    uint256 private _nextNonce;

    /// @notice Whoever sends `order` to {IMarketplace.matchOrders} with an app and a pool order, and no signature, opens
    /// its deal; `params` is the text behind its `paramsHash`, for the market.
    event ComputationAsked(bytes32 indexed requestHash, RequestOrder order, string params);
    /// @notice The answer of task `index` arrived and was used.
    event AnswerUsed(bytes32 indexed requestHash, uint32 index);
    /// @notice The answer of task `index` arrived and this contract could not use it. It does not come again.
    event AnswerUnusable(bytes32 indexed requestHash, uint32 index);

    /// @notice Answers come from the hub alone.
    error ConsumerNotHub(address caller);
    /// @notice This contract calls itself, and nobody else, with an answer.
    error ConsumerNotSelf(address caller);
    /// @notice Nothing of this hash and index was asked for.
    error ConsumerNotAsked(bytes32 requestHash, uint32 index);
    /// @notice This task was answered before.
    error ConsumerAnswered(bytes32 requestHash, uint32 index);

    constructor(IMarket marketplace_) {
        marketplace = marketplace_;
        escrow = marketplace_.escrow();
        hub = marketplace_.hub();
    }

    /* ANSWERS */

    /// @inheritdoc IResultReceiver
    function onResult(bytes32 requestHash, bytes32, uint32 index, bytes calldata data) external {
        if (msg.sender != hub) revert ConsumerNotHub(msg.sender);
        if (index >= _asked[requestHash].volume) revert ConsumerNotAsked(requestHash, index);
        if (isAnswered(requestHash, index)) revert ConsumerAnswered(requestHash, index);

        _answered[requestHash][index >> 8] |= 1 << (index & 0xff);

        // In a call of its own: what an answer that cannot be used has done is undone, and this contract knows of it.
        try this.useAnswer{gas: gasleft() - NOTE_GAS}(requestHash, index, data) {
            emit AnswerUsed(requestHash, index);
        } catch {
            emit AnswerUnusable(requestHash, index);
        }
    }

    /// @notice The part of {onResult} that may fail. Only this contract calls it.
    function useAnswer(bytes32 requestHash, uint32 index, bytes calldata data) external {
        if (msg.sender != address(this)) revert ConsumerNotSelf(msg.sender);
        _useAnswer(requestHash, index, data);
    }

    /* VIEWS */

    /// @notice Whether the answer of task `index` arrived, usable or not.
    function isAnswered(bytes32 requestHash, uint32 index) public view returns (bool) {
        return _answered[requestHash][index >> 8] & (1 << (index & 0xff)) != 0;
    }

    /// @notice Whether the answer of task `index` may still come. A task that failed, or that nobody computed, calls
    /// nobody: its request is over when the last second has passed in which it could have been settled.
    function isPending(bytes32 requestHash, uint32 index) public view returns (bool) {
        Asked storage asked = _asked[requestHash];
        return index < asked.volume && block.timestamp <= asked.until && !isAnswered(requestHash, index);
    }

    /* FOR INHERITORS */

    /// @dev Uses an answer. A revert is noted as {AnswerUnusable}; nothing else may be left to chance here, since
    /// `data` is what workers agreed on and no more.
    function _useAnswer(bytes32 requestHash, uint32 index, bytes calldata data) internal virtual;

    /// @dev Asks for a computation whose params are this text (see docs/params.md), to be matched within `patience`
    /// seconds.
    /// @return requestHash Names the request in {onResult}.
    function _ask(
        Computation memory wanted,
        string memory params,
        uint40 patience
    ) internal returns (bytes32 requestHash) {
        RequestOrder memory order = _orderOf(wanted, keccak256(bytes(params)));
        order.expiry = uint40(block.timestamp) + patience;
        requestHash = marketplace.hashRequestOrder(order);
        _asked[requestHash] = Asked({
            volume: wanted.volume,
            until: uint40(order.expiry + 10 * Categories.timeOf(wanted.category) + EpochLib.WINDOW)
        });

        emit ComputationAsked(requestHash, order, params);

        marketplace.approveRequestOrder(order);
    }

    /// @dev Pays out of this contract's account in the escrow.
    function _withdraw(address to, uint128 amount) internal {
        escrow.withdrawTo(to, amount);
    }

    /* PRIVATE */

    function _orderOf(Computation memory wanted, bytes32 paramsHash) private returns (RequestOrder memory order) {
        order.app = wanted.app;
        order.pool = wanted.pool;
        order.maxAppPrice = wanted.maxAppPrice;
        order.maxPoolPrice = wanted.maxPoolPrice;
        (order.requester, order.payer, order.callback) = (address(this), address(this), address(this));
        order.beneficiary = wanted.beneficiary;
        order.trust = wanted.trust;
        order.maxWeight = wanted.maxWeight;
        order.category = wanted.category;
        order.requirements = wanted.requirements;
        order.paramsHash = paramsHash;
        order.volume = wanted.volume;
        order.nonce = _nextNonce++;
    }
}
