// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Escrow} from "./Escrow.sol";
import {IEscrow} from "./interfaces/IEscrow.sol";
import {MillToken} from "./MillToken.sol";
import {Test} from "./test/Test.sol";
import {Entry} from "./types/Entry.sol";

/// @notice Double entry under any posting. The numbers are those of docs/invariants.md.
contract EscrowTest is Test {
    address internal constant ALICE = address(0xA1);
    address internal constant BOB = address(0xB0);
    int256 internal constant FUNDS = 1000 ether;

    MillToken internal token;
    Escrow internal escrow;

    function setUp() public {
        token = MillToken(deploy("MillToken", abi.encode(address(this))));
        escrow = Escrow(deploy("Escrow", abi.encode(token, address(this), address(this))));
        token.approve(address(escrow), type(uint256).max);
        escrow.depositFor(ALICE, uint128(uint256(FUNDS)));
        escrow.depositFor(BOB, uint128(uint256(FUNDS)));
    }

    /// @dev I6: a posting either changes balances by exactly its entries, the difference being burned, or nothing.
    function testFuzz_PostsExactlyOrNotAtAll(int128 available, int128 locked, int128 other) public {
        // Half of the values near what there is, so that both outcomes come up.
        if (available & 1 == 0) available %= int128(FUNDS);
        if (other & 1 == 0) other %= int128(FUNDS);
        if (locked & 1 == 0) locked = locked % int128(FUNDS);
        Entry[] memory entries = new Entry[](2);
        entries[0] = Entry(ALICE, available, locked);
        entries[1] = Entry(BOB, other, 0);
        bool legal =
            FUNDS + available >= 0 && locked >= 0 && FUNDS + other >= 0 && int256(available) + locked + other <= 0;

        try escrow.post(entries) {
            assertTrue(legal, "I6 accepted");
            _expectBalances(FUNDS + available, locked, FUNDS + other);
        } catch {
            assertTrue(!legal, "I6 refused");
            _expectBalances(FUNDS, 0, FUNDS);
        }
        (uint128 a, uint128 b) = escrow.balanceOf(ALICE);
        (uint128 c, uint128 d) = escrow.balanceOf(BOB);
        assertEq(uint256(a) + b + c + d + escrow.pendingBurn(), 2 * uint256(FUNDS), "I6 conserved");
    }

    /// @dev I7: nobody takes out more than is available to it.
    function testFuzz_WithdrawsWhatIsAvailable(uint128 lock, uint128 amount) public {
        int128 locked = int128(uint128(bound(lock, 0, uint256(FUNDS))));
        amount = uint128(bound(amount, 1, 2 * uint256(FUNDS)));
        Entry[] memory entries = new Entry[](1);
        entries[0] = Entry(ALICE, -locked, locked);
        escrow.post(entries);
        bool legal = int256(uint256(amount)) <= FUNDS - locked;

        vm.prank(ALICE);
        try escrow.withdraw(amount) {
            assertTrue(legal, "I7 accepted");
            assertEq(token.balanceOf(ALICE), amount, "I7 paid");
        } catch (bytes memory problem) {
            assertTrue(!legal, "I7 refused");
            assertTrue(bytes4(problem) == IEscrow.EscrowInsufficientBalance.selector, "I7 named");
        }
    }

    function _expectBalances(int256 aliceAvailable, int256 aliceLocked, int256 bobAvailable) private view {
        (uint128 available, uint128 locked) = escrow.balanceOf(ALICE);
        assertEq(available, uint256(aliceAvailable), "I6 available");
        assertEq(locked, uint256(aliceLocked), "I6 locked");
        (available, ) = escrow.balanceOf(BOB);
        assertEq(available, uint256(bobAvailable), "I6 other");
    }
}
