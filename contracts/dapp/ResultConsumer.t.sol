// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Categories} from "../libraries/Categories.sol";
import {ConsumerMock} from "../mocks/ConsumerMock.sol";
import {DappStage} from "../test/DappStage.sol";
import {RequestOrder} from "../types/Orders.sol";
import {Computation, ResultConsumer} from "./ResultConsumer.sol";

contract ResultConsumerTest is DappStage {
    uint40 internal constant PATIENCE = 10 minutes;
    bytes internal constant DATA = "the answer";

    ConsumerMock internal consumer;
    bytes32 internal request;

    function setUp() public {
        consumer = ConsumerMock(deploy("ConsumerMock", abi.encode(market)));
        vm.recordLogs();
        request = consumer.ask(_wanted(2), "{}", PATIENCE);
    }

    /* ASKING */

    function test_AsksInItsOwnName() public {
        (RequestOrder memory order, ) = _asked();
        address self = address(consumer);
        assertTrue(request == stub.hashRequestOrder(order), "another hash");
        assertTrue(order.requester == self && order.payer == self && order.callback == self, "not in its name");
        assertTrue(order.expiry == START + PATIENCE, "another expiry");
    }

    function test_AsksTheSameAgainUnderAnotherHash() public {
        assertTrue(consumer.ask(_wanted(2), "{}", PATIENCE) != request, "the same hash");
    }

    function test_AsksForNoCategoryThatThereIsNot() public {
        Computation memory wanted = _wanted(1);
        wanted.category = Categories.COUNT - 1;
        consumer.ask(wanted, "{}", PATIENCE);

        wanted.category = Categories.COUNT;
        bytes memory call = abi.encodeCall(consumer.ask, (wanted, "{}", PATIENCE));
        _expectRefused(STRANGER, address(consumer), call, Categories.CategoryUnknown.selector);
    }

    function test_TakesOutOfTheEscrowWhatIsLeft() public {
        consumer.withdraw(STRANGER, 40 ether);
        assertEq(stub.withdrawn(address(consumer), STRANGER), 40 ether, "paid");
    }

    /* HEARING */

    function test_UsesTheAnswerOfEachIndexOnce() public {
        _answer(consumer, request, DATA);
        assertTrue(keccak256(consumer.last()) == keccak256(DATA), "not used");
        assertTrue(consumer.isAnswered(request, 0) && !consumer.isPending(request, 0), "not noted");
        assertTrue(!consumer.isAnswered(request, 1) && consumer.isPending(request, 1), "another index noted");

        _expectRefusedByHub(request, 0, ResultConsumer.ConsumerAnswered.selector);
        assertEq(consumer.used(), 1, "used twice");
    }

    function test_HearsTheHubAlone() public {
        bytes memory call = abi.encodeCall(consumer.onResult, (request, bytes32(0), 0, DATA));
        bytes4 problem = ResultConsumer.ConsumerNotHub.selector;
        _expectRefused(STRANGER, address(consumer), call, problem);
        _expectRefused(address(market), address(consumer), call, problem);
        assertTrue(consumer.isPending(request, 0), "answered by a stranger");
    }

    function test_CallsNobodyElsesAnswersItsOwn() public {
        bytes memory call = abi.encodeCall(consumer.useAnswer, (request, 0, DATA));
        _expectRefused(STRANGER, address(consumer), call, ResultConsumer.ConsumerNotSelf.selector);
        _expectRefused(hub, address(consumer), call, ResultConsumer.ConsumerNotSelf.selector);
    }

    function test_RefusesWhatItNeverAskedFor() public {
        bytes4 problem = ResultConsumer.ConsumerNotAsked.selector;
        _expectRefusedByHub(keccak256("a stranger's request"), 0, problem);
        _expectRefusedByHub(request, 2, problem);
        _expectRefusedByHub(request, type(uint32).max, problem);
    }

    function test_TellsManyIndexesApart() public {
        bytes32 many = consumer.ask(_wanted(600), "{}", PATIENCE);
        uint32[4] memory indexes = [uint32(255), 256, 0, 599];
        for (uint256 i; i < indexes.length; ++i) {
            assertTrue(!consumer.isAnswered(many, indexes[i]), "answered too early");
            vm.prank(hub);
            consumer.onResult(many, 0, indexes[i], DATA);
            assertTrue(consumer.isAnswered(many, indexes[i]), "not noted");
        }
        assertTrue(!consumer.isAnswered(many, 1) && !consumer.isAnswered(many, 257), "too many noted");
    }

    /* FAILING */

    function test_NotesAnAnswerThatItCannotUse() public {
        consumer.setMode(ConsumerMock.Mode.REVERT);
        _expectUnusable();
    }

    function test_NotesAnAnswerThatUsesUpAllGas() public {
        consumer.setMode(ConsumerMock.Mode.BURN_GAS);
        _expectUnusable();
    }

    function test_NotesAnAnswerThatComesBackToItself() public {
        consumer.setMode(ConsumerMock.Mode.ASK_AGAIN);
        _expectUnusable();
    }

    function test_IsNotFooledByTooLittleGas() public {
        bytes memory call = abi.encodeCall(consumer.onResult, (request, bytes32(0), 0, DATA));
        for (uint256 given = 5_000; given < 60_000; given += 5_000) {
            vm.prank(hub);
            // solhint-disable-next-line avoid-low-level-calls
            (bool succeeded, ) = address(consumer).call{gas: given}(call);
            assertTrue(succeeded == consumer.isAnswered(request, 0), "half done");
            if (succeeded) return;
        }
        _answer(consumer, request, DATA);
        assertEq(consumer.used(), 1, "not used");
    }

    function test_WaitsForAnAnswerUntilNoneCanComeAnyMore() public {
        // Matched in the last second, sealed in the last second of its deadline, settled in the last of the window.
        uint256 end = START + PATIENCE + 3000 + 1 hours;
        vm.warp(end);
        assertTrue(consumer.isPending(request, 0), "over too early");
        vm.warp(end + 1);
        assertTrue(!consumer.isPending(request, 0), "not over");
        assertTrue(!consumer.isPending(keccak256("another"), 0), "never asked");
    }

    /* PRIVATE */

    function _wanted(uint32 volume) private pure returns (Computation memory wanted) {
        (wanted.app, wanted.maxPoolPrice, wanted.volume) = (1, POOL_PRICE, volume);
        (wanted.trust, wanted.maxWeight) = (3, 16);
    }

    function _expectUnusable() private {
        _answer(consumer, request, DATA);
        assertEq(consumer.last().length, 0, "something of it stayed");
        assertTrue(consumer.isAnswered(request, 0), "not noted");
        consumer.setMode(ConsumerMock.Mode.KEEP);
        _expectRefusedByHub(request, 0, ResultConsumer.ConsumerAnswered.selector);
    }

    function _expectRefusedByHub(bytes32 hash, uint32 index, bytes4 problem) private {
        bytes memory call = abi.encodeCall(consumer.onResult, (hash, bytes32(0), index, DATA));
        _expectRefused(hub, address(consumer), call, problem);
    }
}
