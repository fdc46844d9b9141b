// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {EpochLib} from "../types/Epoch.sol";
import {BallotLib, OpenedBallot} from "../types/Ballot.sol";
import {Deal, DealLib} from "../types/Deal.sol";
import {
    AppOrder,
    PoolOrder,
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "../types/Orders.sol";
import {IHub} from "../interfaces/IHub.sol";
import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Vm} from "./Test.sol";
import {World} from "./World.sol";

/// @title HubHandler
/// @notice What people do to the market, in any order; legal calls only, so that no call may revert.
contract HubHandler is World {
    uint8 private constant LANE = 0;
    bytes32 private constant SECRET = keccak256("secret");

    Deal[] private _deals;
    uint256 private _nonce;

    /// @notice Calls that did something, by function.
    mapping(bytes4 selector => uint256) public done;
    /// @notice How often a task was announced as settled.
    mapping(bytes32 taskId => uint256) public timesSettled;
    /// @notice Tasks of a deal that were settled, and that were refunded.
    mapping(bytes32 dealId => uint256) public settledTasks;
    mapping(bytes32 dealId => uint256) public refundedTasks;
    /// @notice What was burned for good.
    uint256 public swept;
    /// @notice How often a worker was slashed.
    uint256 public slashes;
    /// @notice The most that any task was settled.
    uint256 public mostTimesSettled;

    /* WHAT PEOPLE DO */

    function openDeal(uint128 price, uint16 stake, uint16 share, uint8 volume, uint32 trust, uint16 grace) external {
        AppOrder memory app;
        app.app = 1;
        app.price = uint128(bound(price >> 1, 0, 10 ether));
        app.volume = type(uint256).max;
        app.expiry = type(uint40).max;
        PoolOrder memory pool = _poolOrder(price, stake, share, grace);
        RequestOrder memory request = _requestOrder(uint32(bound(volume, 1, 4)), uint32(bound(trust, 2, 9)));
        _match(app, pool, request);
        ++done[this.openDeal.selector];
    }

    /// @dev `votes` decides by two bits each who votes what: nothing, nothing, right or wrong.
    function settle(uint256 which, uint256 votes, bool silent) external {
        if (_deals.length == 0) return;
        Deal memory deal = _deals[which % _deals.length];
        (bytes memory tasks, bytes32[] memory votesHashes) = _cast(deal, votes, silent);
        _sealAndSettle(deal, tasks, votesHashes, silent);
        ++done[this.settle.selector];
    }

    function decline(uint256 which) external {
        if (_deals.length == 0) return;
        Deal memory deal = _deals[which % _deals.length];
        (bool open, uint32 closed) = hub.dealState(deal.id());
        if (!open || deal.grace == 0 || block.timestamp > uint256(deal.openedAt) + deal.grace) return;
        vm.prank(OPERATOR);
        hub.decline(deal);
        refundedTasks[deal.id()] += deal.volume - closed;
        ++done[this.decline.selector];
    }

    function claim(uint256 which) external {
        if (_deals.length == 0) return;
        Deal memory deal = _deals[which % _deals.length];
        (bool open, uint32 closed) = hub.dealState(deal.id());
        uint256 claimable = uint256(deal.openedAt) + 3000 + EpochLib.WINDOW + 1;
        if (!open) return;
        if (block.timestamp < claimable) vm.warp(claimable);
        hub.claim(deal);
        refundedTasks[deal.id()] += deal.volume - closed;
        ++done[this.claim.selector];
    }

    function bond(uint256 worker, uint96 amount) external {
        vm.prank(_workers[worker % WORKERS]);
        hub.bond(uint96(bound(amount, 1, 10 ether)));
        ++done[this.bond.selector];
    }

    function unbond(uint256 worker, uint96 amount) external {
        address account = _workers[worker % WORKERS];
        (uint96 bonded, , , ) = hub.workerOf(account);
        if (bonded == 0) return;
        vm.prank(account);
        hub.unbond(uint96(bound(amount, 1, bonded)));
        ++done[this.unbond.selector];
    }

    function withdrawBond(uint256 worker) external {
        address account = _workers[worker % WORKERS];
        (, uint96 unbonding, uint40 readyAt, ) = hub.workerOf(account);
        if (unbonding == 0 || block.timestamp < readyAt) return;
        vm.prank(account);
        hub.withdrawBond();
        ++done[this.withdrawBond.selector];
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 1 days));
        ++done[this.wait.selector];
    }

    function sweep() external {
        swept += escrow.sweepBurned();
        ++done[this.sweep.selector];
    }

    /* FOR THE INVARIANTS */

    function dealCount() external view returns (uint256) {
        return _deals.length;
    }

    function dealAt(uint256 index) external view returns (Deal memory) {
        return _deals[index];
    }

    /* PRIVATE */

    function _poolOrder(
        uint128 price,
        uint16 stake,
        uint16 share,
        uint16 grace
    ) private pure returns (PoolOrder memory pool) {
        pool.pool = 1;
        pool.price = uint128(bound(price, 0, 100 ether));
        pool.volume = type(uint256).max;
        pool.expiry = type(uint40).max;
        pool.maxTrust = type(uint32).max;
        pool.workerStake = uint16(bound(stake, 0, 10_000));
        pool.schedulerShare = uint16(bound(share, 0, 10_000));
        // Half of the pools settle at once, the others within the lifetime of a deal.
        pool.grace = grace & 1 == 0 ? 0 : uint16(bound(grace, 0, 2000));
    }

    function _requestOrder(uint32 volume, uint32 trust) private returns (RequestOrder memory request) {
        request.app = 1;
        request.maxAppPrice = type(uint128).max;
        request.maxPoolPrice = type(uint128).max;
        (request.requester, request.payer) = (REQUESTER, REQUESTER);
        request.trust = trust;
        request.maxWeight = 16;
        request.volume = volume;
        request.nonce = ++_nonce;
        request.expiry = type(uint40).max;
    }

    function _match(AppOrder memory app, PoolOrder memory pool, RequestOrder memory request) private {
        vm.prank(APP_OWNER);
        marketplace.approveAppOrder(app);
        vm.prank(POOL_OWNER);
        marketplace.approvePoolOrder(pool);
        vm.prank(REQUESTER);
        marketplace.approveRequestOrder(request);
        SignedDatasetOrder memory none;
        vm.recordLogs();
        marketplace.matchOrders(
            SignedAppOrder(app, ""),
            none,
            SignedPoolOrder(pool, ""),
            SignedRequestOrder(request, "")
        );
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IMarketplace.DealOpened.selector) continue;
            _deals.push(abi.decode(logs[i].data, (Deal)));
        }
    }

    /// @dev Every worker votes on every task of the deal, or not, as the bits of `votes` say.
    function _cast(
        Deal memory deal,
        uint256 votes,
        bool silent
    ) private view returns (bytes memory tasks, bytes32[] memory votesHashes) {
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

    function _sealAndSettle(Deal memory deal, bytes memory tasks, bytes32[] memory votesHashes, bool silent) private {
        (OpenedBallot[] memory ballots, bytes32[] memory leaves) = _ballots(votesHashes, silent);
        // A deal does not settle from an epoch of its own second.
        vm.warp(block.timestamp + 1);
        vm.prank(OPERATOR);
        hub.seal(1, LANE, leaves);
        // Not block.timestamp, which the optimiser reads once.
        (, , uint40 sealedAt, ) = hub.epochOf(1, LANE);
        vm.warp(sealedAt + 1);
        Deal[] memory deals = new Deal[](1);
        deals[0] = deal;
        vm.recordLogs();
        vm.prank(OPERATOR);
        hub.settle(1, LANE, deals, tasks, ballots, new bytes[](0));
        _note(vm.getRecordedLogs());
    }

    function _ballots(
        bytes32[] memory votesHashes,
        bool silent
    ) private view returns (OpenedBallot[] memory ballots, bytes32[] memory leaves) {
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

    function _note(Vm.Log[] memory logs) private {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IHub.Slashed.selector) ++slashes;
            if (logs[i].topics[0] != IHub.TaskSettled.selector) continue;
            bytes32 dealId = logs[i].topics[1];
            (uint32 index, ) = abi.decode(logs[i].data, (uint32, bytes32));
            uint256 times = ++timesSettled[DealLib.taskId(dealId, index)];
            if (times > mostTimesSettled) mostTimesSettled = times;
            ++settledTasks[dealId];
        }
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
