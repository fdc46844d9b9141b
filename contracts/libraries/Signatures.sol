// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures
/// @notice Whether `signer` signed `hash`: with a key first, then by ERC-1271.
/// @dev OpenZeppelin's SignatureChecker asks a contract without a gas cap, and never tries a contract's key.
library Signatures {
    uint256 internal constant ERC1271_GAS = 100_000;

    function isValid(address signer, bytes32 hash, bytes calldata signature) internal view returns (bool) {
        return signedByKey(signer, hash, signature) || _acceptedByContract(signer, hash, signature);
    }

    /// @dev 65 bytes (r, s, v) or 64 (r, vs; ERC-2098).
    function signedByKey(address signer, bytes32 hash, bytes calldata signature) internal pure returns (bool) {
        if (signature.length == 64) {
            return signedByKey(signer, hash, bytes32(signature[:32]), bytes32(signature[32:]));
        }
        (address recovered, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(hash, signature);
        return problem == ECDSA.RecoverError.NoError && recovered == signer;
    }

    /// @dev OpenZeppelin refuses a recovered zero and a high s.
    function signedByKey(address signer, bytes32 hash, bytes32 r, bytes32 vs) internal pure returns (bool) {
        (address recovered, ECDSA.RecoverError problem, ) = ECDSA.tryRecover(hash, r, vs);
        return problem == ECDSA.RecoverError.NoError && recovered == signer;
    }

    function _acceptedByContract(address signer, bytes32 hash, bytes calldata signature) private view returns (bool) {
        if (signer.code.length == 0) return false;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
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
