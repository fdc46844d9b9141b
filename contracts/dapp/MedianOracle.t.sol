// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {DappStage} from "../test/DappStage.sol";
import {MedianOracle} from "./MedianOracle.sol";

contract MedianOracleTest is DappStage {
    MedianOracle internal oracle;
    address[] internal sources;

    function setUp() public {
        sources.push(address(0x51));
        sources.push(address(0x52));
        sources.push(address(0x53));
        oracle = MedianOracle(deploy("MedianOracle", abi.encode(market, 1, POOL_PRICE, sources)));
        for (uint256 i; i < 3; ++i) {
            vm.prank(sources[i]);
            oracle.publish(i, bytes32(i + 1), uint64(10 * i + 7), i == 0 ? "" : 'https://s.example/"q"');
        }
    }

    function test_AsksForTheFilesThatItsSourcesPublished() public {
        vm.recordLogs();
        oracle.ask(_all());
        (, string memory params) = _asked();
        string memory zeros = "00000000000000000000000000000000000000000000000000000000000000";
        string memory url = ',"url":"https://s.example/\\"q\\""}';
        string memory expected = string.concat(
            '{"version":1,"args":[],"inputs":[{"name":"source-0","sha256":"',
            zeros,
            '01","bytes":7},{"name":"source-1","sha256":"',
            string.concat(zeros, '02","bytes":17', url, ',{"name":"source-2","sha256":"', zeros, '03","bytes":27', url),
            "]}"
        );
        assertTrue(keccak256(bytes(params)) == keccak256(bytes(expected)), params);
    }

    function test_TakesTheMedianThatWasAgreedOn() public {
        bytes32 request = oracle.ask(_all());
        vm.warp(START + 60);
        _answer(oracle, request, abi.encode(uint256(1234), uint256(2)));
        _expectLatest(1234, START, 2);
    }

    function test_KeepsItsNumberWhereAnAnswerIsUnfit() public {
        _answer(oracle, oracle.ask(_all()), abi.encode(uint256(5), uint256(3)));
        bytes[5] memory unfit = [
            abi.encode(uint256(9), uint256(1)), // too few files were counted
            abi.encode(uint256(1) << 64, uint256(3)),
            abi.encode(uint256(9)),
            bytes("nine"),
            bytes("")
        ];
        for (uint256 i; i < unfit.length; ++i) {
            vm.warp(START + 1 + i);
            bytes32 request = oracle.ask(_all());
            _answer(oracle, request, unfit[i]);
            assertTrue(oracle.isAnswered(request, 0), "not noted");
            _expectLatest(5, START, 3);
        }
    }

    function test_TakesNoAnswerToAnEarlierQuestion() public {
        bytes32 first = oracle.ask(_all());
        vm.warp(START + 1);
        bytes32 second = oracle.ask(_all());
        _answer(oracle, second, abi.encode(uint256(2), uint256(3)));
        _answer(oracle, first, abi.encode(uint256(1), uint256(3)));
        _expectLatest(2, START + 1, 3);
    }

    function test_LetsOnlyTheKeeperAskAndWithdraw() public {
        bytes4 problem = MedianOracle.OracleNotKeeper.selector;
        _expectRefused(STRANGER, address(oracle), abi.encodeCall(oracle.ask, (_all())), problem);
        _expectRefused(STRANGER, address(oracle), abi.encodeCall(oracle.withdraw, (1)), problem);
        oracle.withdraw(100 ether);
    }

    function test_LetsOnlyASourcePublishForItself() public {
        bytes memory call = abi.encodeCall(oracle.publish, (0, bytes32(uint256(9)), 1, ""));
        _expectRefused(sources[1], address(oracle), call, MedianOracle.OracleNotSource.selector);
        call = abi.encodeCall(oracle.publish, (3, bytes32(uint256(9)), 1, ""));
        _expectRefused(sources[1], address(oracle), call, MedianOracle.OracleNotSource.selector);
    }

    function test_AsksMoreThanHalfOfItsSourcesEachOnce() public {
        uint256[] memory which = new uint256[](1);
        _expectNotAsked(which, MedianOracle.OracleTooFew.selector);
        which = new uint256[](2);
        _expectNotAsked(which, MedianOracle.OracleUnsorted.selector);
        which[1] = 2;
        oracle.ask(which);
        sources.push(address(0x54));
        oracle = MedianOracle(deploy("MedianOracle", abi.encode(market, 1, POOL_PRICE, sources)));
        _expectNotAsked(which, MedianOracle.OracleTooFew.selector);
        _expectNotAsked(_all(), MedianOracle.OracleNoFile.selector);
    }

    function _expectNotAsked(uint256[] memory which, bytes4 problem) private {
        _expectRefused(address(this), address(oracle), abi.encodeCall(oracle.ask, (which)), problem);
    }

    function _expectLatest(uint64 value, uint40 askedAt, uint32 counted) private view {
        (uint64 actual, uint40 at, uint32 files) = oracle.latest();
        assertEq(actual, value, "value");
        assertEq(at, askedAt, "askedAt");
        assertEq(files, counted, "counted");
    }

    function _all() private pure returns (uint256[] memory which) {
        which = new uint256[](3);
        (which[1], which[2]) = (1, 2);
    }
}
