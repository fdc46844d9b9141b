// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {AppRegistry} from "../AppRegistry.sol";
import {DappStage} from "../test/DappStage.sol";
import {RequestOrder} from "../types/Orders.sol";
import {InputFile} from "./ParamsText.sol";
import {AuctionTerms, SealedBidAuction} from "./SealedBidAuction.sol";

contract SealedBidAuctionTest is DappStage {
    uint256 internal constant DEPOSIT = 10 ether;
    uint256 internal constant RESERVE = 1 ether;
    address internal constant SELLER = address(0x5E11);
    uint256 internal constant SOLD = 1;
    bytes32 internal constant SALT = keccak256("salt");

    AppRegistry internal registry;
    SealedBidAuction internal auction;
    address[4] internal bidders = [address(0xB1), address(0xB2), address(0xB3), address(0xB4)];
    uint40 internal bidsUntil;

    function setUp() public {
        registry = AppRegistry(deploy("AppRegistry", ""));
        vm.prank(SELLER);
        registry.register("sold", keccak256("sold"));
        bidsUntil = START + 1 hours;
        AuctionTerms memory terms;
        (terms.asset, terms.assetId) = (registry, SOLD);
        (terms.reserve, terms.deposit) = (RESERVE, DEPOSIT);
        (terms.bidsUntil, terms.revealsUntil) = (bidsUntil, bidsUntil + 1 hours);
        (terms.app, terms.maxPoolPrice) = (1, POOL_PRICE);
        vm.prank(SELLER);
        auction = SealedBidAuction(deploy("SealedBidAuction", abi.encode(market, terms)));
        vm.prank(SELLER);
        registry.transferFrom(SELLER, address(auction), SOLD);
    }

    /* BIDDING */

    function test_RollsAllCommitmentsIntoOneRoot() public {
        _bid(0, 3 ether);
        _bid(1, 5 ether);
        bytes32 first = sha256(abi.encodePacked(bytes32(0), bidders[0], _commitment(0, 3 ether)));
        bytes32 both = sha256(abi.encodePacked(first, bidders[1], _commitment(1, 5 ether)));
        assertTrue(auction.root() == both, "another root");
    }

    function test_TakesOneBidEachWithTheDepositInTime() public {
        _bid(0, 3 ether);
        bytes4 bad = SealedBidAuction.AuctionBadBid.selector;
        _expectNoBid(0, DEPOSIT, bad);
        _expectNoBid(1, DEPOSIT - 1, bad);
        _expectNoBid(1, DEPOSIT + 1, bad);
        _fund(bidders[1], DEPOSIT);
        _expectRefused(bidders[1], address(auction), DEPOSIT, abi.encodeCall(auction.commit, (bytes32(0))), bad);
        vm.warp(bidsUntil);
        _bid(1, 3 ether);
        vm.warp(bidsUntil + 1);
        _expectNoBid(2, DEPOSIT, SealedBidAuction.AuctionWrongTime.selector);
    }

    function test_TakesNoBidForWhatItDoesNotHold() public {
        AuctionTerms memory terms = auction.terms();
        terms.assetId = SOLD + 1;
        registry.register("app", keccak256("other"));
        auction = SealedBidAuction(deploy("SealedBidAuction", abi.encode(market, terms)));
        _expectNoBid(0, DEPOSIT, SealedBidAuction.AuctionNoAsset.selector);
    }

    /* ASKING */

    function test_AsksWithRootAndLimits() public {
        _bid(0, 3 ether);
        vm.warp(bidsUntil + 1);
        vm.recordLogs();
        _ask();
        (RequestOrder memory order, ) = _asked();
        assertTrue(order.beneficiary == SELLER, "another beneficiary");
    }

    function test_LetsOnlyTheSellerAskAndOnceAtATime() public {
        bytes memory call = abi.encodeCall(auction.askWinner, (InputFile(SALT, 1, "")));
        _expectRefused(SELLER, address(auction), call, SealedBidAuction.AuctionWrongTime.selector);
        vm.warp(bidsUntil + 1);
        _expectRefused(STRANGER, address(auction), call, SealedBidAuction.AuctionNotSeller.selector);
        bytes32 request = _ask();
        _expectRefused(SELLER, address(auction), call, SealedBidAuction.AuctionPending.selector);
        _answer(auction, request, "useless");
        _ask();
    }

    /* WINNING */

    function test_GivesTheAssetToTheHighestAtThePriceOfTheSecond() public {
        for (uint256 i; i < 4; ++i) {
            _bid(i, (i + 2) * 1 ether);
        }
        vm.warp(bidsUntil + 1);
        _answer(auction, _ask(), bytes.concat(_opening(3, 5 ether), _opening(2, 4 ether)));
        _expectLeading(bidders[3], 5 ether, 4 ether);

        _finish();

        assertTrue(registry.ownerOf(SOLD) == bidders[3], "another owner");
        uint256 before = SELLER.balance;
        _withdraw(SELLER);
        assertEq(SELLER.balance - before, 4 ether, "seller");
        uint256[4] memory back = [DEPOSIT, DEPOSIT, DEPOSIT, DEPOSIT - 4 ether];
        for (uint256 i; i < 4; ++i) {
            _withdraw(bidders[i]);
            assertEq(bidders[i].balance, back[i], "bidder");
        }
        assertEq(address(auction).balance, 0, "left over");
    }

    function test_TakesTheReserveForAPriceWhereThereIsOneBid() public {
        _bid(0, 3 ether);
        vm.warp(bidsUntil + 1);
        _answer(auction, _ask(), _opening(0, 3 ether));
        _expectLeading(bidders[0], 3 ether, RESERVE);
    }

    function test_PutsRightWhatAnAnswerLeftOut() public {
        _bid(0, 3 ether);
        _bid(1, 5 ether);
        _bid(2, 4 ether);
        vm.warp(bidsUntil + 1);
        _answer(auction, _ask(), _opening(0, 3 ether));
        _reveal(1, 5 ether);
        _expectLeading(bidders[1], 5 ether, 3 ether);
        _reveal(2, 4 ether);
        _expectLeading(bidders[1], 5 ether, 4 ether);
        _reveal(0, 3 ether);
        _reveal(1, 5 ether);
        _expectLeading(bidders[1], 5 ether, 4 ether);
    }

    function testFuzz_EndsAlikeInWhateverOrderBidsAreOpened(uint8[4] memory bids, uint256 order) public {
        uint256[4] memory amounts;
        for (uint256 i; i < 4; ++i) {
            amounts[i] = RESERVE + uint256(bids[i]) * 8 + i; // all different
            _bid(i, amounts[i]);
        }
        vm.warp(bidsUntil + 1);
        for (uint256 i; i < 12; ++i) {
            uint256 which = (order >> (2 * i)) & 3;
            _reveal(which, amounts[which]);
        }
        for (uint256 i; i < 4; ++i) {
            _reveal(i, amounts[i]);
        }
        (uint256 first, uint256 second) = (0, 0);
        for (uint256 i; i < 4; ++i) {
            if (amounts[i] > first) (first, second) = (amounts[i], first);
            else if (amounts[i] > second) second = amounts[i];
        }
        assertEq(auction.highest(), first, "highest");
        assertEq(auction.price(), second, "price");
    }

    function test_BelievesNoAnswerThatInventsABid() public {
        _bid(0, 3 ether);
        vm.warp(bidsUntil + 1);
        bytes[6] memory inventions = [
            _opening(0, 4 ether), // not what was committed to
            _opening(1, 4 ether), // not a bidder
            bytes.concat(_opening(0, 3 ether), _opening(1, 2 ether)),
            bytes.concat(_opening(0, 3 ether), _opening(0, 3 ether), _opening(0, 3 ether)),
            bytes.concat(_opening(0, 3 ether), hex"00"),
            bytes("")
        ];
        for (uint256 i; i < inventions.length; ++i) {
            _answer(auction, _ask(), inventions[i]);
            _expectLeading(address(0), 0, 0);
        }
    }

    function test_CountsNoBidOutsideItsLimits() public {
        _bid(0, RESERVE - 1);
        _bid(1, DEPOSIT + 1);
        _bid(2, RESERVE);
        _bid(3, DEPOSIT);
        vm.warp(bidsUntil + 1);
        bytes4 problem = SealedBidAuction.AuctionBadOpening.selector;
        _expectNoReveal(0, RESERVE - 1, problem);
        _expectNoReveal(1, DEPOSIT + 1, problem);
        _reveal(2, RESERVE);
        _expectLeading(bidders[2], RESERVE, RESERVE);
        _reveal(3, DEPOSIT);
        _expectLeading(bidders[3], DEPOSIT, RESERVE);
    }

    function test_CountsNothingOutsideItsTime() public {
        _bid(0, 3 ether);
        _expectNoReveal(0, 3 ether, SealedBidAuction.AuctionWrongTime.selector);
        vm.warp(bidsUntil + 1);
        bytes32 request = _ask();
        vm.warp(bidsUntil + 1 hours + 1);
        _expectNoReveal(0, 3 ether, SealedBidAuction.AuctionWrongTime.selector);
        _answer(auction, request, _opening(0, 3 ether));
        _expectLeading(address(0), 0, 0);
    }

    /* ENDING */

    function test_GivesEverythingBackWhereNobodyOpenedABid() public {
        _bid(0, 3 ether);
        bytes memory call = abi.encodeCall(auction.finish, ());
        vm.warp(bidsUntil + 1 hours);
        _expectRefused(STRANGER, address(auction), call, SealedBidAuction.AuctionWrongTime.selector);
        _finish();
        _expectRefused(STRANGER, address(auction), call, SealedBidAuction.AuctionFinished.selector);
        assertTrue(registry.ownerOf(SOLD) == SELLER, "not given back");
        _withdraw(bidders[0]);
        assertEq(bidders[0].balance, DEPOSIT, "deposit");
    }

    function test_PaysNobodyBeforeTheEndNorTwice() public {
        _bid(0, 3 ether);
        bytes memory call = abi.encodeCall(auction.withdraw, ());
        _expectRefused(bidders[0], address(auction), call, SealedBidAuction.AuctionWrongTime.selector);
        _finish();
        _withdraw(bidders[0]);
        _withdraw(bidders[0]);
        assertEq(bidders[0].balance, DEPOSIT, "paid twice");
    }

    function test_KeepsWhatItsBidderCannotReceive() public {
        auction.commit{value: DEPOSIT}(SALT);
        _finish();
        bytes memory call = abi.encodeCall(auction.withdraw, ());
        _expectRefused(address(this), address(auction), call, SealedBidAuction.AuctionUnpaid.selector);
        assertEq(auction.owed(address(this)), DEPOSIT, "not kept");
    }

    function test_GivesUnusedMoneyBackToTheSellerAlone() public {
        bytes memory call = abi.encodeCall(auction.withdrawEscrow, (1 ether));
        _expectRefused(STRANGER, address(auction), call, SealedBidAuction.AuctionNotSeller.selector);
        vm.prank(SELLER);
        auction.withdrawEscrow(1 ether);
        assertEq(stub.withdrawn(address(auction), SELLER), 1 ether, "withdrawn");
    }

    /* PRIVATE */

    function _commitment(uint256 who, uint256 amount) private view returns (bytes32) {
        return sha256(abi.encodePacked(bidders[who], amount, SALT));
    }

    function _opening(uint256 who, uint256 amount) private view returns (bytes memory) {
        return abi.encode(bidders[who], amount, SALT);
    }

    function _bid(uint256 who, uint256 amount) private {
        // Before the prank, which the call of the hash function would use up.
        bytes32 commitment = _commitment(who, amount);
        _fund(bidders[who], DEPOSIT);
        vm.prank(bidders[who]);
        auction.commit{value: DEPOSIT}(commitment);
    }

    function _expectNoBid(uint256 who, uint256 value, bytes4 problem) private {
        bytes memory call = abi.encodeCall(auction.commit, (_commitment(who, 3 ether)));
        _fund(bidders[who], value);
        _expectRefused(bidders[who], address(auction), value, call, problem);
    }

    function _reveal(uint256 who, uint256 amount) private {
        vm.prank(bidders[who]);
        auction.reveal(amount, SALT);
    }

    function _expectNoReveal(uint256 who, uint256 amount, bytes4 problem) private {
        bytes memory call = abi.encodeCall(auction.reveal, (amount, SALT));
        _expectRefused(bidders[who], address(auction), call, problem);
    }

    function _ask() private returns (bytes32) {
        vm.prank(SELLER);
        return auction.askWinner(InputFile(SALT, 1, ""));
    }

    function _finish() private {
        vm.warp(bidsUntil + 1 hours + 1);
        vm.prank(STRANGER);
        auction.finish();
    }

    function _withdraw(address who) private {
        vm.prank(who);
        auction.withdraw();
    }

    function _expectLeading(address winner, uint256 highest, uint256 price) private view {
        assertTrue(auction.winner() == winner, "winner");
        assertEq(auction.highest(), highest, "highest");
        assertEq(auction.price(), price, "price");
    }
}
