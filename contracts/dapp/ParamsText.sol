// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @notice A file that a task reads as `/input/<name>`, pinned by its hash.
struct InputFile {
    bytes32 sha256Hash;
    uint64 size; // bytes
    string url; // where the pool fetches it; empty: it is brought to the pool
}

/// @title ParamsText
/// @notice Params (docs/params.md) written by a contract: whoever asks for a computation need not trust whoever sends
/// it to the market.
library ParamsText {
    /// @notice The whole text. `args` are put between quotes as they are; `inputs` come from {input}.
    function text(string[] memory args, string memory inputs) internal pure returns (string memory) {
        string memory list;
        for (uint256 i; i < args.length; ++i) {
            list = string.concat(list, i == 0 ? "" : ",", '"', args[i], '"');
        }
        return string.concat('{"version":1,"args":[', list, '],"inputs":[', inputs, "]}");
    }

    /// @notice One entry of `inputs`. `name` is put between quotes as it is.
    function input(string memory name, InputFile memory file) internal pure returns (string memory) {
        string memory url =
            bytes(file.url).length == 0 ? "" : string.concat(',"url":"', Strings.escapeJSON(file.url), '"');
        string memory size = Strings.toString(file.size);
        return string.concat('{"name":"', name, '","sha256":"', hexOf(file.sha256Hash), '","bytes":', size, url, "}");
    }

    /// @notice 64 digits, as `sha256sum` prints them.
    function hexOf(bytes32 word) internal pure returns (string memory digits) {
        digits = Strings.toHexString(uint256(word), 32);
        // Without the "0x": its length and its two characters are overwritten by the shorter length.
        assembly ("memory-safe") {
            digits := add(digits, 2)
            mstore(digits, 64)
        }
    }
}
