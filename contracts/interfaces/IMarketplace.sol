// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Deal} from "../types/Deal.sol";
import {
    AppOrder,
    DatasetOrder,
    PoolOrder,
    RequestOrder,
    SignedAppOrder,
    SignedDatasetOrder,
    SignedPoolOrder,
    SignedRequestOrder
} from "../types/Orders.sol";

/// @title IMarketplace
/// @notice Verifies orders and opens deals. Order hashes are EIP-712 digests in this contract's domain.
/// @dev Functions are named by order, not overloaded: app and dataset orders have the same ABI type.
interface IMarketplace {
    /// @notice Deal `dealId` is open. The struct is kept nowhere else.
    event DealOpened(bytes32 indexed dealId, uint256 indexed pool, address indexed requester, Deal deal);

    /// @notice The deals opened in this call took `volume` tasks in all of each of these asks (dataset: zero where there is
    /// none).
    event OrdersMatched(bytes32 appOrder, bytes32 datasetOrder, bytes32 poolOrder, uint256 volume);

    /// @notice `signer` needs no signature for this order.
    event OrderApproved(address indexed signer, bytes32 indexed orderHash);

    /// @notice `signer` took this order back. For a request: its nonce is used.
    event OrderCancelled(address indexed signer, bytes32 indexed orderHash);

    /// @notice Only asks with this counter are valid from now on.
    event CounterRaised(address indexed signer, uint256 counter);

    /// @notice `requester` may spend `amount` wei of what `payer` has in the escrow on its requests, from now on.
    event AllowanceSet(address indexed payer, address indexed requester, uint256 amount);

    /// @notice A batch left out this request, for what `problem` says: an encoded error of this contract or {IEscrow}.
    /// Says nothing of the request itself: anybody can bring it with a false signature or with other asks, or twice.
    event RequestSkipped(address indexed requester, bytes32 indexed requestHash, bytes problem);

    /// @notice The order was valid until `expiry`.
    error MarketplaceOrderExpired(bytes32 orderHash, uint40 expiry);
    /// @notice Neither a signature of `signer` nor its approval on chain.
    error MarketplaceBadSignature(bytes32 orderHash, address signer);
    /// @notice The signer has taken back all asks with this counter.
    error MarketplaceOrderRevoked(bytes32 orderHash, uint256 counter, uint256 current);
    /// @notice The ask has `remaining` tasks left, or was cancelled (then zero).
    error MarketplaceOrderExhausted(bytes32 orderHash, uint256 remaining, uint256 wanted);
    /// @notice A request with this nonce was filled or cancelled before.
    error MarketplaceNonceUsed(address requester, uint256 nonce);
    /// @notice `caller` cannot cancel a request of `requester`.
    error MarketplaceNotRequester(address requester, address caller);
    /// @notice `payer` allows `requester` to spend `allowance`, and the deal locks `price`.
    error MarketplaceAllowanceTooLow(address payer, address requester, uint256 allowance, uint256 price);

    /// @notice The request names another app than the app order.
    error MarketplaceAppMismatch(uint256 requested, uint256 offered);
    /// @notice The request names another dataset than the dataset order.
    error MarketplaceDatasetMismatch(uint256 requested, uint256 offered);
    /// @notice The request names another pool than the pool order.
    error MarketplacePoolMismatch(uint256 requested, uint256 offered);
    /// @notice A price is above what the request allows for it.
    error MarketplacePriceTooHigh(uint128 price, uint128 maximum);
    /// @notice The pool offers another category.
    error MarketplaceCategoryMismatch(uint8 requested, uint8 offered);
    /// @notice There is no such category.
    error MarketplaceCategoryUnknown(uint8 category);
    /// @notice Trust is at least 2.
    error MarketplaceTrustTooLow(uint32 trust);
    /// @notice The pool does not offer that much trust.
    error MarketplaceTrustTooHigh(uint32 trust, uint32 maximum);
    /// @notice `maxWeight` is from 2 to 127.
    error MarketplaceMaxWeightOutOfRange(uint8 maxWeight);
    /// @notice A request is for at least one task.
    error MarketplaceZeroVolume();
    /// @notice The pool lacks something that the request requires.
    error MarketplaceRequirementsUnmet(bytes32 requirements, bytes32 capabilities);
    /// @notice An ask is only for asset `only`.
    error MarketplaceAssetRestricted(uint256 only, uint256 asset);
    /// @notice An ask is only for requester `only`.
    error MarketplaceRequesterRestricted(address only, address requester);
    /// @notice A stake or share is above 10,000 bps.
    error MarketplaceShareTooHigh(uint16 bps);
    /// @notice A pool may decline for at most 7200 seconds.
    error MarketplaceGraceTooLong(uint16 grace);
    /// @notice The pool does not take tasks with a callback.
    error MarketplaceCallbackUnsupported(uint256 pool);
    /// @notice The deal is about more money than a balance can hold.
    error MarketplaceAmountTooLarge(uint256 amount);

    /// @notice Opens a deal and locks its money. Anybody may call it.
    /// @param dataset Ignored where the request names no dataset.
    function matchOrders(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        SignedRequestOrder calldata request
    ) external returns (bytes32 dealId);

    /// @notice Opens a deal for each request that can be served from these asks, and says which were left out and why.
    /// Reverts where the asks themselves are not valid or have no task left. Anybody may call it.
    /// @dev Whose signature is not its key's is asked as a contract, which may use up 100,000 gas each time, and more of it
    /// than in a simulation: give 101,600 gas on top for each.
    /// @param dataset Used by all requests, or, where it names no dataset, by none.
    /// @return dealIds One for each request; zero where it was left out.
    function matchBatch(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        SignedRequestOrder[] calldata requests
    ) external returns (bytes32[] memory dealIds);

    /// @notice Lets the order stand for the caller without a signature.
    function approveAppOrder(AppOrder calldata order) external;
    function approveDatasetOrder(DatasetOrder calldata order) external;
    function approvePoolOrder(PoolOrder calldata order) external;
    function approveRequestOrder(RequestOrder calldata order) external;

    /// @notice Takes back an ask of the caller, for good.
    function cancelAppOrder(AppOrder calldata order) external;
    function cancelDatasetOrder(DatasetOrder calldata order) external;
    function cancelPoolOrder(PoolOrder calldata order) external;

    /// @notice Takes back a request of the caller by using its nonce.
    function cancelRequestOrder(RequestOrder calldata order) external;

    /// @notice Takes back all asks of the caller by raising its counter.
    function cancelAll() external;

    /// @notice Lets `requester` name the caller as payer of its requests, up to `amount` wei in all from now on; the
    /// greatest value is not counted down. What a deal gives back goes to the payer and not to the allowance.
    function allow(address requester, uint256 amount) external;

    /// @notice Why {matchOrders} would not open a deal of these four now.
    /// @return problem The encoded error that it would revert with: of this contract, of {IEscrow} where money is missing,
    /// or of a registry where an asset does not exist. Empty where it would open the deal.
    function problemOfMatch(
        SignedAppOrder calldata app,
        SignedDatasetOrder calldata dataset,
        SignedPoolOrder calldata pool,
        SignedRequestOrder calldata request
    ) external view returns (bytes memory problem);

    /// @notice Whether an ask stands, whoever may take from it, and what is left of it. Money is another matter.
    /// @return left Tasks that can be taken from it now; the greatest value where it is unlimited, zero where there is a
    /// problem.
    /// @return problem Why nothing can be taken from it, as the encoded error that a match would revert with; else empty.
    function statusOfAppOrder(SignedAppOrder calldata app) external view returns (uint256 left, bytes memory problem);
    function statusOfDatasetOrder(
        SignedDatasetOrder calldata dataset
    ) external view returns (uint256 left, bytes memory problem);
    function statusOfPoolOrder(
        SignedPoolOrder calldata pool
    ) external view returns (uint256 left, bytes memory problem);

    /// @notice Whether a request stands, whatever the asks. Money is another matter.
    /// @return left Its tasks; zero where there is a problem. It is filled whole or not at all.
    /// @return problem Why it cannot be filled, as the encoded error that a match would revert with; else empty.
    function statusOfRequestOrder(
        SignedRequestOrder calldata request
    ) external view returns (uint256 left, bytes memory problem);

    /// @notice The hash that is signed for an order.
    function hashAppOrder(AppOrder calldata order) external view returns (bytes32);
    function hashDatasetOrder(DatasetOrder calldata order) external view returns (bytes32);
    function hashPoolOrder(PoolOrder calldata order) external view returns (bytes32);
    function hashRequestOrder(RequestOrder calldata order) external view returns (bytes32);

    /// @notice What `payer` still allows `requester` to spend, in wei.
    function allowanceOf(address payer, address requester) external view returns (uint256);

    /// @notice The counter that asks of `signer` must carry.
    function counterOf(address signer) external view returns (uint256);

    /// @notice How many tasks of an ask are used; the greatest value where it was cancelled. Asks of unlimited volume
    /// are not counted.
    function consumedOf(address signer, bytes32 orderHash) external view returns (uint256);

    /// @notice Whether `signer` approved the order on chain.
    function isApproved(address signer, bytes32 orderHash) external view returns (bool);

    /// @notice Whether a request with this nonce was filled or cancelled.
    function isNonceUsed(address requester, uint256 nonce) external view returns (bool);
}
