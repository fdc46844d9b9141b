// SPDX-License-Identifier: Apache-2.0
// The handler shares the compiler of the only test that uses it; see hardhat.config.ts.
// solhint-disable one-contract-per-file
pragma solidity 0.8.28;

import {IHub} from "./interfaces/IHub.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {ReceiverMock} from "./mocks/ReceiverMock.sol";
import {Deal} from "./types/Deal.sol";
import {EpochLib} from "./types/Epoch.sol";
import {SkipReason} from "./types/Round.sol";
import {HubCheats} from "./test/HubCheats.sol";
import {MarketCheats} from "./test/MarketCheats.sol";
import {Test} from "./test/Test.sol";

/// @title Handler
/// @notice All moves and cheats together, which {InvariantTest} has called in any order, and what it looks at afterwards.
contract Handler is HubCheats, MarketCheats {
    function dealCount() external view returns (uint256) {
        return _deals.length;
    }

    function dealAt(uint256 index) external view returns (Deal memory) {
        return _deals[index];
    }

    function askCount() external view returns (uint256) {
        return asks.length;
    }

    function workerCount() external pure returns (uint256) {
        return WORKERS;
    }

    function laneCount() external pure returns (uint8) {
        return LANES;
    }

    function payer() external pure returns (address) {
        return REQUESTER;
    }

    function friend() external pure returns (address) {
        return FRIEND;
    }

    function workerAt(uint256 index) external view returns (address) {
        return _workers[index];
    }

    /// @notice Whether all that backed the lane's sealed votes does so still, slashes apart.
    function backs(uint8 lane) external view returns (bool holds) {
        if (!_isPending(lane)) return true;
        (, , uint40 sealedAt, ) = hub.epochOf(1, lane);
        holds = true;
        for (uint256 i; i < WORKERS; ++i) {
            if (_coverOf(i, sealedAt + EpochLib.WINDOW) < _backing[lane][i]) holds = false;
        }
    }
}

/// @notice Whatever people do in whatever order, and however they cheat, the books balance. The numbers are those of
/// docs/invariants.md; one run looks at all of them after each call.
contract InvariantTest is Test {
    Handler internal handler;

    function setUp() public {
        handler = new Handler();
        targetContract(address(handler));
    }

    function invariant_HoldsWhateverPeopleDo() public view {
        _holdsWhatItOwes();
        _conservesTokens();
        _locksWhatIsAtStake();
        _closesATaskByPayingOrRefunding();
        _keepsWhatBacksVotes();
        _movesScoresBySettlesAlone();
        _countsEpochsByOne();
        _sellsWhatWasOffered();
        _spendsWhatWasAllowed();
        bytes3[11] memory watched = [
            bytes3("I4"),
            "I10",
            "I11",
            "I12",
            "I13",
            "I14",
            "I15",
            "I16",
            "I20",
            "I23",
            "I24"
        ];
        for (uint256 i; i < watched.length; ++i) {
            assertEq(handler.broken(watched[i]), 0, string(abi.encodePacked(watched[i])));
        }
    }

    /// @dev The moves are worth something only if all that can become of them does.
    function test_EverythingHappens() public {
        for (uint256 i; i < 48; ++i) {
            _makeMoves(uint256(keccak256(abi.encode(i))));
        }
        bytes32[8] memory events = [
            IHub.TaskSettled.selector,
            IHub.TaskSkipped.selector,
            IHub.TaskKept.selector,
            IHub.VoteWithheld.selector,
            IHub.Slashed.selector,
            IHub.CallbackFailed.selector,
            ReceiverMock.Received.selector,
            IMarketplace.RequestSkipped.selector
        ];
        for (uint256 i; i < events.length; ++i) {
            assertTrue(handler.seen(events[i]) > 0, "an event was never seen");
        }
        for (uint256 reason = 1; reason <= uint8(type(SkipReason).max); ++reason) {
            assertTrue(handler.seen(bytes32(reason)) > 0, "no task was skipped for a reason");
        }
        invariant_HoldsWhateverPeopleDo();
    }

    function _makeMoves(uint256 any) private {
        handler.openDeal(any);
        handler.openDealWithDataset(any);
        handler.openDealWithCallback(any);
        handler.openBatch(any);
        handler.changeReceiver(any);
        handler.cheatSettleTwice(any);
        handler.wait(any);
        handler.settleAtOnce(any);
        handler.settleWithheld(any);
        handler.closeInTheLastSecond(any);
        if (any & 7 == 0) handler.sellPool();
        if (any & 7 == 1) handler.changeOperator();
    }

    /// @dev I1: the escrow holds what it owes, to the wei, besides what was sent to it past its functions.
    function _holdsWhatItOwes() private view {
        uint256 owed = handler.escrow().pendingBurn() + handler.sent();
        address[] memory accounts = handler.accounts();
        for (uint256 i; i < accounts.length; ++i) {
            (uint128 available, uint128 locked) = handler.escrow().balanceOf(accounts[i]);
            owed += uint256(available) + locked;
        }
        assertEq(handler.token().balanceOf(address(handler.escrow())), owed, "I1");
    }

    /// @dev I2: nothing is created or lost. What is burned is gone from the supply, everything else is somewhere.
    function _conservesTokens() private view {
        assertEq(handler.token().totalSupply() + handler.swept(), handler.token().INITIAL_SUPPLY(), "I2");
    }

    /// @dev I3: what is locked of an account is its part in the open tasks, and its bond. A closed deal locks nothing.
    function _locksWhatIsAtStake() private view {
        address[] memory accounts = handler.accounts();
        uint256[] memory wanted = new uint256[](accounts.length);
        for (uint256 i; i < handler.dealCount(); ++i) {
            Deal memory deal = handler.dealAt(i);
            (, uint32 closed) = handler.hub().dealState(deal.id());
            uint256 open = deal.terms.volume() - closed;
            wanted[_find(accounts, deal.payer)] +=
                (deal.assetPrices.app() + deal.assetPrices.dataset() + deal.poolMoney.price()) * open;
            wanted[_find(accounts, deal.poolOwner)] += deal.poolMoney.stake() * open;
        }
        for (uint256 i; i < accounts.length; ++i) {
            (uint96 bonded, uint96 unbonding, , ) = handler.hub().workerOf(accounts[i]);
            (, uint128 locked) = handler.escrow().balanceOf(accounts[i]);
            assertEq(locked, wanted[i] + bonded + unbonding, "I3");
        }
    }

    /// @dev I5: every closed task was paid or refunded, and no task both; a deal is open as long as one of its tasks is.
    function _closesATaskByPayingOrRefunding() private view {
        for (uint256 i; i < handler.dealCount(); ++i) {
            Deal memory deal = handler.dealAt(i);
            bytes32 dealId = deal.id();
            (bool open, uint32 closed) = handler.hub().dealState(dealId);
            assertEq(closed, handler.settledTasks(dealId) + handler.refundedTasks(dealId), "I5");
            assertTrue(open == (closed < deal.terms.volume()), "I5 open");
        }
    }

    /// @dev I17: what backs a sealed vote stays until the vote cannot be counted any more.
    function _keepsWhatBacksVotes() private view {
        for (uint8 lane; lane < handler.laneCount(); ++lane) {
            assertTrue(handler.backs(lane), "I17");
        }
    }

    /// @dev I18: a score is what the last settle made of it.
    function _movesScoresBySettlesAlone() private view {
        for (uint256 i; i < handler.workerCount(); ++i) {
            (, , , uint24 score) = handler.hub().workerOf(handler.workerAt(i));
            assertEq(score, handler.scores(i), "I18");
        }
    }

    /// @dev I19: epochs of a lane count up by one, and each settles at most once.
    function _countsEpochsByOne() private view {
        for (uint8 lane; lane < handler.laneCount(); ++lane) {
            (, uint64 epoch, , ) = handler.hub().epochOf(1, lane);
            assertEq(epoch, handler.epochs(lane), "I19");
        }
        assertEq(handler.broken("I19"), 0, "I19");
    }

    /// @dev I21: no more is taken of an ask than it offers, and nothing of a cancelled one.
    function _sellsWhatWasOffered() private view {
        assertEq(handler.broken("I21"), 0, "I21");
        for (uint256 i; i < handler.askCount(); ++i) {
            (address signer, bytes32 orderHash, bool cancelled, uint256 taken) = handler.asks(i);
            uint256 consumed = handler.marketplace().consumedOf(signer, orderHash);
            assertEq(consumed, cancelled ? type(uint256).max : taken, "I21");
        }
    }

    /// @dev I22: no more is spent of what a payer allows, and what is left is that.
    function _spendsWhatWasAllowed() private view {
        assertEq(handler.broken("I22"), 0, "I22");
        assertEq(handler.marketplace().allowanceOf(handler.payer(), handler.friend()), handler.allowanceLeft(), "I22");
    }

    function _find(address[] memory accounts, address account) private pure returns (uint256 number) {
        while (accounts[number] != account) ++number;
    }
}
