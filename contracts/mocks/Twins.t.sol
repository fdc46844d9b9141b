// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {Test, Vm} from "../test/Test.sol";
import {Deal} from "../types/Deal.sol";
import {Entry} from "../types/Entry.sol";
import {AppOrder, DatasetOrder, PoolOrder, RequestOrder} from "../types/Orders.sol";
import {Twins} from "./Twins.sol";

/// @notice What is written for its gas does what its plain twin does, whatever it is given.
contract TwinsTest is Test {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    Twins private twins;
    uint256 private dice;

    function setUp() public {
        twins = Twins(deploy("Twins", ""));
    }

    /// @dev Each term agrees most of the time, so that all do now and then and one alone fails often.
    function testFuzz_DemandsSayWhatMatchingSays(uint256 seed) public {
        dice = seed;
        AppOrder memory app;
        (app.app, app.price, app.onlyRequester) = (1, uint128(_roll(2, 3)), address(uint160(_roll(0, 5))));
        (app.onlyDataset, app.onlyPool) = (_roll(0, 4), _roll(0, 3));
        DatasetOrder memory dataset;
        (dataset.dataset, dataset.price, dataset.onlyRequester) = (4, 2, address(uint160(_roll(0, 6))));
        (dataset.onlyApp, dataset.onlyPool) = (_roll(0, 1), _roll(0, 2));
        RequestOrder memory request = _request();
        bool withDataset = _roll(0, 1) == 0;
        // A single match decides it by the request, a batch by the ask.
        if (!withDataset) request.dataset = _roll(0, 4);
        if (request.dataset != 0 && !withDataset) dataset.dataset = 0;

        (bool quick, bool plain) = twins.agree(app, dataset, _pool(), request, withDataset);

        assertTrue(quick == plain, "terms");
    }

    /// @dev Words of any bits: what Solidity refuses to copy is refused, everything else comes out the same.
    function testFuzz_CopiesAsSolidityDoes(uint256[18] memory words, bool clean) public view {
        if (clean) _clean(words);

        (bool quick, bytes memory one) = _call(Twins.copyQuick.selector, words);
        (bool plain, bytes memory other) = _call(Twins.copyPlain.selector, words);

        assertTrue(quick == plain, "refused");
        assertTrue(plain || !clean, "clean");
        assertTrue(!plain || keccak256(one) == keccak256(other), "copied");
    }

    /// @dev One dirty bit is enough, in whichever field it is.
    function testFuzz_RefusesOneDirtyBit(uint256[18] memory words, uint256 field, uint256 bit) public view {
        uint256[18] memory dirty = words;
        _clean(words);
        field = bound(field, 0, 17);
        dirty[field] = words[field] ^ (1 << (bit & 0xff));

        (bool quick, ) = _call(Twins.copyQuick.selector, dirty);
        (bool plain, ) = _call(Twins.copyPlain.selector, dirty);

        assertTrue(quick == plain, "refused");
    }

    function testFuzz_AnnouncesAsSolidityDoes(Deal memory deal, bytes32 dealId) public {
        vm.recordLogs();
        twins.announceQuick(deal, dealId);
        twins.announcePlain(deal, dealId);

        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2, "announced");
        assertTrue(keccak256(abi.encode(logs[0])) == keccak256(abi.encode(logs[1])), "the same");
    }

    /// @dev Good signatures of both lengths, their other half, and such as somebody spoiled.
    function testFuzz_BelievesWhomOpenZeppelinBelieves(uint256 key, bytes32 hash, uint8 kind, uint8 place) public view {
        key = bound(key, 1, ORDER - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        bytes memory signature = abi.encodePacked(r, s, v);
        if (kind % 5 == 1) signature = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
        if (kind % 5 == 2) signature = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? 28 : 27);
        if (kind % 5 == 3) signature[place % 65] ^= 0x01;
        if (kind % 5 == 4) signature = abi.encodePacked(signature, place);

        bool quick = twins.signedQuick(vm.addr(key), hash, signature);

        assertTrue(quick == twins.signedPlain(vm.addr(key), hash, signature), "believed");
        assertTrue(quick == (kind % 5 < 2), "expected");
    }

    function testFuzz_HashesWordsAsAbiEncodeDoes(bytes32[6] calldata words) public view {
        (bytes32 three, bytes32 four, bytes32 six) = twins.hashQuick(words);
        (bytes32 plainThree, bytes32 plainFour, bytes32 plainSix) = twins.hashPlain(words);

        assertTrue(three == plainThree, "three");
        assertTrue(four == plainFour, "four");
        assertTrue(six == plainSix, "six");
    }

    function testFuzz_HashesListsAsEncodePackedDoes(bytes32[] calldata words, uint256 count) public view {
        count = bound(count, 0, words.length);

        (bytes32 all, bytes32 first) = twins.hashListQuick(words, count);
        (bytes32 plainAll, bytes32 plainFirst) = twins.hashListPlain(words, count);

        assertTrue(all == plainAll, "all");
        assertTrue(first == plainFirst, "first");
    }

    function testFuzz_MakesRoomAsSolidityDoes(uint256 count) public view {
        count = bound(count, 0, 40);

        (uint256[] memory words, bytes32 voters, uint256[] memory behind) = twins.roomsQuick(count);
        (uint256[] memory plain, bytes32 plainVoters, uint256[] memory plainBehind) = twins.roomsPlain(count);

        assertTrue(keccak256(abi.encode(words)) == keccak256(abi.encode(plain)), "words");
        assertTrue(voters == plainVoters, "voters");
        assertTrue(keccak256(abi.encode(behind)) == keccak256(abi.encode(plainBehind)), "behind");
    }

    /// @dev Entries of nobody are refused, with the same words.
    function testFuzz_PostsAsSolidityDoes(Entry[] calldata entries, uint8 more) public {
        assertTrue(_postedQuick(entries, more) == _postedPlain(entries), "the same");
    }

    function test_RefusesWhatTheEscrowRefuses() public {
        Entry[] memory entries = new Entry[](2);
        entries[0] = Entry({account: address(1), available: 1, locked: -1});
        entries[1].available = 7;

        bytes memory expected = abi.encodeWithSelector(IEscrow.EscrowCreatesTokens.selector, int256(7));
        assertTrue(_postedQuick(entries, 0) == keccak256(expected), "with its words");
    }

    function testFuzz_ReadsAndWritesPlacesAsSolidityDoes(
        uint256[] memory words,
        uint256 place,
        uint256 word
    ) public view {
        if (words.length == 0) return;
        place = bound(place, 0, words.length - 1);

        (uint256 before, uint256[] memory quick) = twins.placesQuick(words, place, word);
        (uint256 plainBefore, uint256[] memory plain) = twins.placesPlain(words, place, word);

        assertTrue(before == plainBefore, "read");
        assertTrue(keccak256(abi.encode(quick)) == keccak256(abi.encode(plain)), "written");
    }

    /* PRIVATE */

    /// @dev Of this and the next: hash of the call, or of the error.
    function _postedQuick(Entry[] memory entries, uint256 more) private returns (bytes32) {
        try twins.postQuick(entries, more) returns (bytes32 posted) {
            return posted;
        } catch (bytes memory error) {
            return keccak256(error);
        }
    }

    function _postedPlain(Entry[] memory entries) private returns (bytes32) {
        try twins.postPlain(entries) returns (bytes32 posted) {
            return posted;
        } catch (bytes memory error) {
            return keccak256(error);
        }
    }

    function _pool() private returns (PoolOrder memory pool) {
        (pool.pool, pool.price, pool.onlyRequester) = (3, uint128(_roll(2, 3)), address(uint160(_roll(0, 5))));
        (pool.onlyApp, pool.onlyDataset) = (_roll(0, 2), _roll(0, 4));
        (pool.category, pool.maxTrust) = (uint8(_roll(1, 5)), uint32(_roll(9, 1)));
        pool.capabilities = bytes32((_roll(2, 0) << 32) | _roll(2, 0));
    }

    function _request() private returns (RequestOrder memory request) {
        (request.app, request.dataset, request.pool) = (_roll(1, 2), _roll(4, 5), _roll(0, 3));
        if (_roll(0, 1) == 1) request.pool = 7;
        (request.maxAppPrice, request.maxDatasetPrice) = (uint128(_roll(2, 1)), uint128(_roll(2, 1)));
        (request.maxPoolPrice, request.requester) = (uint128(_roll(2, 1)), address(uint160(_roll(5, 6))));
        (request.trust, request.maxWeight) = (uint32(_roll(9, _roll(1, 10))), uint8(_roll(2, _roll(1, 128))));
        (request.category, request.volume) = (uint8(_roll(1, 5)), uint32(_roll(1, 0)));
        request.requirements = bytes32((_roll(2, 3) << 32) | _roll(0, 4));
        request.callback = address(uint160(_roll(0, 8)));
    }

    /// @dev The one, or once in sixteen times the other.
    function _roll(uint256 often, uint256 seldom) private returns (uint256) {
        dice = uint256(keccak256(abi.encode(dice)));
        return dice % 16 == 0 ? seldom : often;
    }

    function _clean(uint256[18] memory words) private pure {
        uint8[18] memory bits = [uint8(0), 0, 0, 128, 128, 128, 160, 160, 160, 160, 32, 8, 8, 0, 0, 32, 0, 40];
        for (uint256 i; i < 18; ++i) {
            if (bits[i] != 0) words[i] &= (1 << bits[i]) - 1;
        }
    }

    function _call(bytes4 selector, uint256[18] memory words) private view returns (bool, bytes memory) {
        return address(twins).staticcall(abi.encodeWithSelector(selector, words));
    }
}
