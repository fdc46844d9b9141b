// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

/// @notice The cheatcodes in use, as Hardhat's Solidity runner knows them.
// solhint-disable-next-line interface-starts-with-i
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 privateKey) external pure returns (address);
    function assume(bool condition) external pure;
    function getBlockTimestamp() external view returns (uint256);
    function getCode(string calldata artifact) external view returns (bytes memory creationCode);
    function getRecordedLogs() external returns (Log[] memory);
    function prank(address sender) external;
    function recordLogs() external;
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timestamp) external;
}

/// @title Test
/// @notice Base of our Solidity tests: assertions with a label, bounds, targets of invariant runs.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address[] private _targets;

    error NotEqual(string label, uint256 left, uint256 right);
    error NotTrue(string label);

    /// @notice Read by the runner: whose functions an invariant run calls.
    function targetContracts() external view returns (address[] memory) {
        return _targets;
    }

    function targetContract(address target) internal {
        _targets.push(target);
    }

    /// @dev From its artifact, since `new` would have the compiler optimise the whole contract again in every test.
    function deploy(string memory name, bytes memory arguments) internal returns (address deployed) {
        bytes memory code = bytes.concat(vm.getCode(name), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        assertTrue(deployed != address(0), name);
    }

    function assertEq(uint256 left, uint256 right, string memory label) internal pure {
        if (left != right) revert NotEqual(label, left, right);
    }

    function assertTrue(bool condition, string memory label) internal pure {
        if (!condition) revert NotTrue(label);
    }

    /// @notice Folds any number into `low` to `high`, both included.
    function bound(uint256 any, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (any % (high - low + 1));
    }
}
