// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {EpochLib} from "../types/Epoch.sol";
import {OpenedBallot} from "../types/Ballot.sol";
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
import {KeptVote} from "../types/KeptVotes.sol";
import {IHub} from "../interfaces/IHub.sol";
import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {Vm} from "./Test.sol";
import {Voters} from "./Voters.sol";

/// @title HubHandler
/// @notice What people do to the market, in any order; legal calls only, so that no call may revert.
contract HubHandler is Voters {
    /// @dev Signs requests that REQUESTER pays for.
    address private constant FRIEND = address(0xA5);

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
    /// @notice Requests that batches opened and passed over.
    uint256 public opened;
    uint256 public skipped;
    /// @notice How often votes were kept.
    uint256 public kept;
    /// @notice How often a worker was slashed.
    uint256 public slashes;
    /// @notice The most that any task was settled.
    uint256 public mostTimesSettled;

    /* WHAT PEOPLE DO */

    function openDeal(uint128 price, uint16 stake, uint16 share, uint8 volume, uint32 trust, uint16 grace) external {
        AppOrder memory app = _appOrder(price);
        PoolOrder memory pool = _poolOrder(price, stake, share, grace);
        RequestOrder memory request = _requestOrder(uint32(bound(volume, 1, 4)), uint32(bound(trust, 2, 9)));
        _approveAsks(app, pool);
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
        _keepOpened(vm.getRecordedLogs());
        ++done[this.openDeal.selector];
    }

    /// @dev Requests of two people, one of whom the other pays for; nobody has signed the one numbered `broken`.
    function openBatch(uint128 price, uint16 stake, uint8 count, uint8 broken, uint96 allowance) external {
        AppOrder memory app = _appOrder(price);
        PoolOrder memory pool = _poolOrder(price, stake, 0, stake);
        _approveAsks(app, pool);
        SignedRequestOrder[] memory requests = new SignedRequestOrder[](bound(count, 1, 4));
        for (uint256 i; i < requests.length; ++i) {
            requests[i].order = _requestOrder(1, 3);
            if (i % 2 == 1) requests[i].order.requester = FRIEND;
            if (i == broken % 5) continue;
            vm.prank(requests[i].order.requester);
            marketplace.approveRequestOrder(requests[i].order);
        }
        vm.prank(REQUESTER);
        marketplace.allow(FRIEND, bound(allowance, 0, 300 ether));
        SignedDatasetOrder memory none;
        vm.recordLogs();
        marketplace.matchBatch(SignedAppOrder(app, ""), none, SignedPoolOrder(pool, ""), requests);
        uint256 before = _deals.length;
        _keepOpened(vm.getRecordedLogs());
        opened += _deals.length - before;
        skipped += requests.length - (_deals.length - before);
        ++done[this.openBatch.selector];
    }

    /// @dev `votes` says who votes what, see {Voters}; with `silent` the first worker opens nothing.
    function settle(uint256 which, uint256 votes, bool silent) external {
        if (_deals.length == 0) return;
        Deal memory deal = _deals[which % _deals.length];
        (bytes memory tasks, bytes32[] memory votesHashes, uint16[] memory ballotOf) = _cast(deal, votes, silent);
        _sealAndSettle(deal, tasks, votesHashes, ballotOf, silent);
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

    function _appOrder(uint128 price) private pure returns (AppOrder memory app) {
        app.app = 1;
        app.price = uint128(bound(price >> 1, 0, 10 ether));
        app.volume = type(uint256).max;
        app.expiry = type(uint40).max;
    }

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

    function _approveAsks(AppOrder memory app, PoolOrder memory pool) private {
        vm.prank(APP_OWNER);
        marketplace.approveAppOrder(app);
        vm.prank(POOL_OWNER);
        marketplace.approvePoolOrder(pool);
    }

    function _keepOpened(Vm.Log[] memory logs) private {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IMarketplace.DealOpened.selector) continue;
            _deals.push(abi.decode(logs[i].data, (Deal)));
        }
    }

    function _sealAndSettle(
        Deal memory deal,
        bytes memory tasks,
        bytes32[] memory votesHashes,
        uint16[] memory ballotOf,
        bool silent
    ) private {
        (OpenedBallot[] memory ballots, bytes32[] memory leaves) = _ballots(votesHashes, ballotOf, silent);
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

    function _note(Vm.Log[] memory logs) private {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IHub.Slashed.selector) ++slashes;
            if (logs[i].topics[0] == IHub.TaskKept.selector) _noteKept(logs[i]);
            if (logs[i].topics[0] != IHub.TaskSettled.selector) continue;
            bytes32 dealId = logs[i].topics[1];
            (uint32 index, ) = abi.decode(logs[i].data, (uint32, bytes32));
            uint256 times = ++timesSettled[DealLib.taskId(dealId, index)];
            if (times > mostTimesSettled) mostTimesSettled = times;
            ++settledTasks[dealId];
        }
    }

    function _noteKept(Vm.Log memory log) private {
        (uint32 index, KeptVote[] memory votes) = abi.decode(log.data, (uint32, KeptVote[]));
        bytes32 taskId = DealLib.taskId(log.topics[1], index);
        delete _kept[taskId];
        for (uint256 i; i < votes.length; ++i) {
            _kept[taskId].push(votes[i]);
        }
        if (votes.length != 0) ++kept;
    }
}
