// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {IMarket} from "./IMarket.sol";
import {InputFile, ParamsText} from "./ParamsText.sol";
import {Computation, ResultConsumer} from "./ResultConsumer.sol";

/// @notice What is sold and how. Amounts in wei of the chain's own currency, times Unix seconds.
struct AuctionTerms {
    IERC721 asset;
    uint256 assetId;
    uint256 reserve; // the least that a bid may be
    uint256 deposit; // what every bidder puts in; the most that a bid may be
    uint40 bidsUntil;
    uint40 revealsUntil;
    uint256 app; // apps/auction
    uint128 maxPoolPrice; // in wei of MILL
}

/// @title SealedBidAuction
/// @notice Sells an ERC-721 to the highest of many sealed bids at the price of the second. Bids are committed to on
/// chain and opened off chain, to the seller; workers go through them (apps/auction) and name the two that matter.
/// @dev An answer is a hint that is checked, not a word that is believed: it consists of openings, each has to fit its
/// bidder's commitment, and they are counted by the same step as an opening that its bidder brings on chain. So no
/// answer can invent a bid, and one that leaves a bid out, as the seller or a pool might, is put right by its bidder.
contract SealedBidAuction is ResultConsumer {
    uint32 private constant TRUST = 3;
    uint8 private constant MAX_WEIGHT = 16;
    uint40 private constant PATIENCE = 10 minutes;
    /// @dev Words of an opening in an answer: bidder, amount, salt.
    uint256 private constant OPENING_BYTES = 96;
    uint256 private constant MAX_OPENINGS = 2;

    /* IMMUTABLES */

    address public immutable seller;

    /* STORAGE */

    AuctionTerms private _terms;
    /// @notice `sha256(bidder, amount, salt)`, packed; zero: no bid.
    mapping(address bidder => bytes32) public commitmentOf;
    /// @notice Rolls over all commitments: `sha256(root, bidder, commitment)`, packed. Tells the workers a complete list.
    bytes32 public root;
    /// @notice The request whose answer is awaited, or was last.
    bytes32 public request;
    /// @notice The highest bid so far, and what it would pay.
    address public winner;
    uint256 public highest;
    uint256 public price;
    bool public finished;
    /// @notice What somebody may take out once it is finished.
    mapping(address account => uint256) public owed;

    /// @notice A bid was made.
    event Committed(address indexed bidder, bytes32 commitment);
    /// @notice A bid was opened that changes who wins, or what is paid.
    event Leading(address indexed winner, uint256 highest, uint256 price);
    /// @notice It is over; `winner` is zero where nobody bid.
    event Finished(address indexed winner, uint256 price);

    /// @notice That is not possible at this time.
    error AuctionWrongTime(uint256 nowTimestamp);
    /// @notice `caller` is not the seller.
    error AuctionNotSeller(address caller);
    /// @notice The asset has to be here before anybody bids.
    error AuctionNoAsset();
    /// @notice A bid brings the deposit, once, and a commitment.
    error AuctionBadBid(address bidder);
    /// @notice An answer is awaited already.
    error AuctionPending(bytes32 request);
    /// @notice An answer has one or two openings.
    error AuctionBadAnswer(uint256 length);
    /// @notice The opening does not fit the commitment, or its amount the terms.
    error AuctionBadOpening(address bidder);
    /// @notice It is finished already.
    error AuctionFinished();
    /// @notice `account` could not be paid.
    error AuctionUnpaid(address account);

    constructor(IMarket marketplace_, AuctionTerms memory terms_) ResultConsumer(marketplace_) {
        seller = msg.sender;
        _terms = terms_;
    }

    /* BIDDERS */

    /// @notice Bids, without saying how much. Everybody puts in the same, so that a deposit tells nothing.
    function commit(bytes32 commitment) external payable {
        if (block.timestamp > _terms.bidsUntil) revert AuctionWrongTime(block.timestamp);
        if (_terms.asset.ownerOf(_terms.assetId) != address(this)) revert AuctionNoAsset();
        bool isFirst = commitmentOf[msg.sender] == 0 && commitment != 0;
        if (!isFirst || msg.value != _terms.deposit) revert AuctionBadBid(msg.sender);

        commitmentOf[msg.sender] = commitment;
        owed[msg.sender] = msg.value;
        root = sha256(abi.encodePacked(root, msg.sender, commitment));

        emit Committed(msg.sender, commitment);
    }

    /// @notice Opens the caller's own bid, for whoever was left out of an answer, or where none comes.
    function reveal(uint256 amount, bytes32 salt) external {
        _checkRevealTime();
        _count(msg.sender, amount, salt);
    }

    /// @notice Takes out what is owed to the caller.
    function withdraw() external {
        if (!finished) revert AuctionWrongTime(block.timestamp);
        uint256 amount = owed[msg.sender];

        owed[msg.sender] = 0;

        // solhint-disable-next-line avoid-low-level-calls
        (bool paid, ) = msg.sender.call{value: amount}("");
        if (!paid) revert AuctionUnpaid(msg.sender);
    }

    /* SELLER */

    /// @notice Asks for the winner among the bids of a file: a line each of bidder, commitment and, where it was
    /// opened, amount and salt, in hexadecimal digits and in the order of {Committed}.
    function askWinner(InputFile calldata bids) external returns (bytes32 requestHash) {
        _checkSeller();
        _checkRevealTime();
        if (isPending(request, 0)) revert AuctionPending(request);

        string[] memory args = new string[](3);
        args[0] = ParamsText.hexOf(root);
        args[1] = ParamsText.hexOf(bytes32(_terms.reserve));
        args[2] = ParamsText.hexOf(bytes32(_terms.deposit));
        requestHash = _ask(_computation(), ParamsText.text(args, ParamsText.input("bids", bids)), PATIENCE);
        request = requestHash;
    }

    /// @notice Takes MILL back out of the escrow that was not needed.
    function withdrawEscrow(uint128 amount) external {
        _checkSeller();
        _withdraw(seller, amount);
    }

    /* EVERYBODY */

    /// @notice Hands over asset and money when the time for openings has passed.
    function finish() external {
        if (block.timestamp <= _terms.revealsUntil) revert AuctionWrongTime(block.timestamp);
        if (finished) revert AuctionFinished();

        finished = true;
        if (winner != address(0)) {
            owed[winner] -= price;
            owed[seller] += price;
        }

        emit Finished(winner, price);

        // Not the safe transfer: a winner that cannot receive must not hold up everybody's deposits.
        address to = winner == address(0) ? seller : winner;
        _terms.asset.transferFrom(address(this), to, _terms.assetId);
    }

    /// @notice What is sold and how.
    function terms() external view returns (AuctionTerms memory) {
        return _terms;
    }

    /* PRIVATE */

    /// @inheritdoc ResultConsumer
    /// @dev One opening, or two: highest first.
    function _useAnswer(bytes32, uint32, bytes calldata data) internal override {
        _checkRevealTime();
        uint256 openings = data.length / OPENING_BYTES;
        if (data.length % OPENING_BYTES != 0 || openings == 0 || openings > MAX_OPENINGS) {
            revert AuctionBadAnswer(data.length);
        }
        for (uint256 i; i < openings; ++i) {
            bytes calldata opening = data[i * OPENING_BYTES:(i + 1) * OPENING_BYTES];
            (address bidder, uint256 amount, bytes32 salt) = abi.decode(opening, (address, uint256, bytes32));
            _count(bidder, amount, salt);
        }
    }

    /// @dev Counts an opened bid. Doing it again, or in another order, gives the same highest bid and price; of equal bids
    /// the one that was counted first wins.
    function _count(address bidder, uint256 amount, bytes32 salt) private {
        bytes32 commitment = commitmentOf[bidder];
        bool fits = commitment != 0 && commitment == sha256(abi.encodePacked(bidder, amount, salt));
        if (!fits || amount < _terms.reserve || amount > _terms.deposit) revert AuctionBadOpening(bidder);
        if (bidder == winner) return;
        if (amount > highest) {
            price = highest < _terms.reserve ? _terms.reserve : highest;
            (winner, highest) = (bidder, amount);
        } else if (amount > price) {
            price = amount;
        } else {
            return;
        }
        emit Leading(winner, highest, price);
    }

    function _computation() private view returns (Computation memory wanted) {
        wanted.app = _terms.app;
        wanted.maxPoolPrice = _terms.maxPoolPrice;
        (wanted.trust, wanted.maxWeight, wanted.volume) = (TRUST, MAX_WEIGHT, 1);
        wanted.beneficiary = seller;
    }

    function _checkSeller() private view {
        if (msg.sender != seller) revert AuctionNotSeller(msg.sender);
    }

    function _checkRevealTime() private view {
        if (block.timestamp <= _terms.bidsUntil || block.timestamp > _terms.revealsUntil) {
            revert AuctionWrongTime(block.timestamp);
        }
    }
}
