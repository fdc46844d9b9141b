// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Signatures
/// @notice Whether `signer` signed `hash`: with a key first, then by ERC-1271.
/// @dev OpenZeppelin's SignatureChecker asks a contract without a gas cap, and never tries a contract's key.
library Signatures {
    uint256 internal constant ERC1271_GAS = 100_000;
    /// @dev A call gets at most 63/64 of what is left, so that much must be there, and something to prepare it.
    uint256 private constant GAS_WANTED = (ERC1271_GAS * 64) / 63 + 5_000;
    /// @dev Half the order of secp256k1.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    bytes32 private constant HIGHEST_BIT = bytes32(uint256(1 << 255));

    /// @notice Too little gas is left to ask a contract whether it signed.
    error MarketplaceWalletGas(uint256 left, uint256 wanted);

    function isValid(address signer, bytes32 hash, bytes calldata signature) internal view returns (bool) {
        if (signedByKey(signer, hash, signature)) return true;
        return _acceptedByContract(signer, hash, signature);
    }

    /// @dev 65 bytes (r, s, v) or 64 (r, vs; ERC-2098).
    function signedByKey(address signer, bytes32 hash, bytes calldata signature) internal pure returns (bool) {
        bytes32 r;
        bytes32 s;
        bytes32 v;
        // Assembly, because a slice's bounds would be checked again. Beyond the signature nothing is used.
        assembly ("memory-safe") {
            r := calldataload(signature.offset)
            s := calldataload(add(signature.offset, 0x20))
            v := calldataload(add(signature.offset, 0x40))
        }
        if (signature.length == 65) return _signedByKey(signer, hash, uint8(v[0]), r, s);
        return signature.length == 64 && signedByKey(signer, hash, r, s);
    }

    function signedByKey(address signer, bytes32 hash, bytes32 r, bytes32 vs) internal pure returns (bool) {
        return _signedByKey(signer, hash, uint8(27 + (uint256(vs) >> 255)), r, vs & ~HIGHEST_BIT);
    }

    /// @dev Who has one signature can make the other of the same key and hash, whose `s` is high.
    function _signedByKey(address signer, bytes32 hash, uint8 v, bytes32 r, bytes32 s) private pure returns (bool) {
        if (uint256(s) > HALF_ORDER) return false;
        address recovered = ecrecover(hash, v, r, s);
        return recovered == signer && recovered != address(0);
    }

    function _acceptedByContract(address signer, bytes32 hash, bytes calldata signature) private view returns (bool) {
        if (signer.code.length == 0) return false;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
        // Else who sends a batch could have a wallet say no that would say yes with its full share.
        if (gasleft() < GAS_WANTED) revert MarketplaceWalletGas(gasleft(), GAS_WANTED);
        bool answered;
        bytes32 answer;
        // Assembly, because a Solidity call copies all that the wallet returns, at our cost.
        assembly ("memory-safe") {
            let ok := staticcall(ERC1271_GAS, signer, add(question, 0x20), mload(question), 0x00, 0x20)
            answered := and(ok, gt(returndatasize(), 0x1f))
            answer := mload(0x00)
        }
        return answered && answer == bytes32(IERC1271.isValidSignature.selector);
    }
}
