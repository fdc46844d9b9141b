// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Deal} from "./types/Deal.sol";
import {HubHandler} from "./test/HubHandler.sol";
import {Test} from "./test/Test.sol";

/// @notice Whatever people do in whatever order, the books balance. The numbers are those of docs/invariants.md.
contract HubInvariantTest is Test {
    HubHandler internal handler;

    function setUp() public {
        handler = HubHandler(deploy("HubHandler", ""));
        targetContract(address(handler));
    }

    /// @dev I1: the escrow holds what it owes; to the wei, since nobody here gives it anything.
    function invariant_SolventToTheWei() public view {
        (uint256 owed, ) = _totals();
        assertEq(handler.token().balanceOf(address(handler.escrow())), owed + handler.escrow().pendingBurn(), "I1");
    }

    /// @dev I2: nothing is created or lost. What is burned is gone from the supply, everything else is somewhere.
    function invariant_ConservesTokens() public view {
        assertEq(handler.token().totalSupply() + handler.swept(), handler.token().INITIAL_SUPPLY(), "I2");
    }

    /// @dev I3: what is locked is the price and stake of the open tasks, and the bonds.
    function invariant_LocksWhatIsAtStake() public view {
        (, uint256 locked) = _totals();
        uint256 wanted;
        for (uint256 i; i < handler.dealCount(); ++i) {
            Deal memory deal = handler.dealAt(i);
            (, uint32 closed) = handler.hub().dealState(deal.id());
            uint256 perTask = uint256(deal.appPrice) + deal.datasetPrice + deal.poolPrice + deal.poolStake;
            wanted += perTask * (deal.volume - closed);
        }
        address[] memory accounts = handler.accounts();
        for (uint256 i; i < accounts.length; ++i) {
            (uint96 bonded, uint96 unbonding, , ) = handler.hub().workerOf(accounts[i]);
            wanted += uint256(bonded) + unbonding;
        }
        assertEq(locked, wanted, "I3");
    }

    /// @dev I4: a task pays at most once.
    function invariant_SettlesATaskOnce() public view {
        assertTrue(handler.mostTimesSettled() <= 1, "I4");
    }

    /// @dev I5: every closed task was paid or refunded, and no task both: paid + burned + refunded = locked.
    function invariant_ClosesATaskByPayingOrRefunding() public view {
        for (uint256 i; i < handler.dealCount(); ++i) {
            bytes32 dealId = handler.dealAt(i).id();
            (bool open, uint32 closed) = handler.hub().dealState(dealId);
            assertEq(closed, handler.settledTasks(dealId) + handler.refundedTasks(dealId), "I5");
            assertTrue(open == (closed < handler.dealAt(i).volume), "I5 open");
        }
    }

    /// @dev The handler is worth something only if its moves come about: each of them often, with all outcomes.
    function test_HandlerMakesEveryMove() public {
        for (uint256 i; i < 60; ++i) {
            uint256 any = uint256(keccak256(abi.encode(i)));
            handler.openDeal(uint128(any), uint16(any >> 8), uint16(any >> 16), uint8(any >> 24), 3, uint16(any >> 32));
            handler.openBatch(uint128(any), uint16(any >> 8), uint8(any >> 40), uint8(any >> 48), uint96(any >> 56));
            handler.settle(i, any, any & 7 == 0);
            if (i % 4 == 0) handler.decline(any);
            if (i % 5 == 0) handler.claim(any);
            handler.bond(any, uint96(any));
            handler.unbond(any, uint96(any >> 40) % 1 ether);
            if (i % 6 == 0) handler.wait(1 days - 1);
            handler.withdrawBond(any);
            handler.sweep();
        }
        bytes4[9] memory moves = [
            HubHandler.openDeal.selector,
            HubHandler.openBatch.selector,
            HubHandler.settle.selector,
            HubHandler.decline.selector,
            HubHandler.claim.selector,
            HubHandler.bond.selector,
            HubHandler.unbond.selector,
            HubHandler.withdrawBond.selector,
            HubHandler.sweep.selector
        ];
        for (uint256 i; i < moves.length; ++i) {
            assertTrue(handler.done(moves[i]) > 0, "a move was never made");
        }
        assertEq(handler.mostTimesSettled(), 1, "nothing was settled");
        assertTrue(handler.opened() > 0 && handler.skipped() > 0, "no batch both opened and passed over");
        assertTrue(handler.slashes() > 0, "nobody was slashed");
        assertTrue(handler.kept() > 0, "no vote was kept");
        invariant_SolventToTheWei();
        invariant_LocksWhatIsAtStake();
        invariant_ClosesATaskByPayingOrRefunding();
    }

    function _totals() private view returns (uint256 owed, uint256 locked) {
        address[] memory accounts = handler.accounts();
        for (uint256 i; i < accounts.length; ++i) {
            (uint128 available, uint128 atStake) = handler.escrow().balanceOf(accounts[i]);
            owed += uint256(available) + atStake;
            locked += atStake;
        }
    }
}
