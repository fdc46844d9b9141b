// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IMarket} from "./IMarket.sol";
import {InputFile, ParamsText} from "./ParamsText.sol";
import {Computation, ResultConsumer} from "./ResultConsumer.sol";

/// @title MedianOracle
/// @notice A number that several sources measure: each publishes a file of readings by its hash, workers compute the
/// median of the files' medians (apps/median), and the contract keeps what they agree on.
/// @dev The contract knows that the number is the median of these very files, since it writes the params itself. What
/// the files say is the sources' word: more than half of those asked have to lie to move the median at will.
contract MedianOracle is ResultConsumer {
    uint32 private constant TRUST = 3;
    uint8 private constant MAX_WEIGHT = 16;
    /// @dev Seconds in which a request may be matched.
    uint40 private constant PATIENCE = 10 minutes;

    /// @notice `value` as of `askedAt`, from the files of `counted` sources.
    struct Reading {
        uint64 value;
        uint40 askedAt;
        uint32 counted;
    }

    /* IMMUTABLES */

    /// @notice Who asks, and chooses which sources to leave out because their file cannot be had or is old.
    address public immutable keeper;
    uint256 public immutable app;
    uint128 public immutable maxPoolPrice;

    /* STORAGE */

    /// @notice The latest answer.
    Reading public latest;
    /// @notice Who may publish; a source is named by its place.
    address[] public sources;
    /// @notice The last file of each source.
    mapping(uint256 source => InputFile) public fileOf;
    mapping(bytes32 requestHash => uint40) private _askedAt;

    /// @notice A source has new readings.
    event Published(uint256 indexed source, bytes32 sha256Hash, string url);
    /// @notice There is a new number.
    event Updated(uint64 value, uint40 askedAt, uint32 counted);

    /// @notice `caller` is not the keeper.
    error OracleNotKeeper(address caller);
    /// @notice `caller` is not source `source`.
    error OracleNotSource(uint256 source, address caller);
    /// @notice Source `source` has published nothing.
    error OracleNoFile(uint256 source);
    /// @notice Sources are named ascending, each once.
    error OracleUnsorted(uint256 source);
    /// @notice `counted` sources are not more than half of all.
    error OracleTooFew(uint256 counted);
    /// @notice A later question was answered already.
    error OracleOutdated(uint40 askedAt);

    /// @param maxPoolPrice_ What a pool may ask for one answer, in wei.
    constructor(
        IMarket marketplace_,
        uint256 app_,
        uint128 maxPoolPrice_,
        address[] memory sources_
    ) ResultConsumer(marketplace_) {
        keeper = msg.sender;
        app = app_;
        maxPoolPrice = maxPoolPrice_;
        sources = sources_;
    }

    /// @notice A source names its newest file: whole numbers below 10^18, one a line.
    function publish(uint256 source, bytes32 sha256Hash, uint64 size, string calldata url) external {
        if (source >= sources.length || sources[source] != msg.sender) revert OracleNotSource(source, msg.sender);

        fileOf[source] = InputFile(sha256Hash, size, url);

        emit Published(source, sha256Hash, url);
    }

    /// @notice Asks for the median of what these sources published last. A question that is not answered does no harm:
    /// the next one may be asked at once.
    /// @param which Ascending, more than half of all.
    function ask(uint256[] calldata which) external returns (bytes32 requestHash) {
        if (msg.sender != keeper) revert OracleNotKeeper(msg.sender);
        _checkQuorum(which.length);

        requestHash = _ask(_computation(), ParamsText.text(new string[](0), _inputs(which)), PATIENCE);
        _askedAt[requestHash] = uint40(block.timestamp);
    }

    /// @notice Pays what is left in the escrow to the keeper.
    function withdraw(uint128 amount) external {
        if (msg.sender != keeper) revert OracleNotKeeper(msg.sender);
        _withdraw(keeper, amount);
    }

    /// @inheritdoc ResultConsumer
    /// @dev Two words: the median, and how many files were fit to be counted.
    function _useAnswer(bytes32 requestHash, uint32, bytes calldata data) internal override {
        (uint64 value, uint32 counted) = abi.decode(data, (uint64, uint32));
        _checkQuorum(counted);
        uint40 askedAt = _askedAt[requestHash];
        if (askedAt < latest.askedAt) revert OracleOutdated(askedAt);

        latest = Reading(value, askedAt, counted);

        emit Updated(value, askedAt, counted);
    }

    function _computation() private view returns (Computation memory wanted) {
        wanted.app = app;
        wanted.maxPoolPrice = maxPoolPrice;
        (wanted.trust, wanted.maxWeight, wanted.volume) = (TRUST, MAX_WEIGHT, 1);
        wanted.beneficiary = keeper;
    }

    function _inputs(uint256[] calldata which) private view returns (string memory inputs) {
        for (uint256 i; i < which.length; ++i) {
            uint256 source = which[i];
            if (i > 0 && source <= which[i - 1]) revert OracleUnsorted(source);
            InputFile memory file = fileOf[source];
            if (file.sha256Hash == 0) revert OracleNoFile(source);
            string memory name = string.concat("source-", Strings.toString(source));
            inputs = string.concat(inputs, i == 0 ? "" : ",", ParamsText.input(name, file));
        }
    }

    function _checkQuorum(uint256 counted) private view {
        if (2 * counted <= sources.length) revert OracleTooFew(counted);
    }
}
