// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

import {Deal} from "../types/Deal.sol";

/// @notice What one task of a deal moves when it settles, in wei.
struct TaskPayments {
    uint256 payer; // pays the sum of the next five
    uint256 appOwner;
    uint256 datasetOwner;
    uint256 burned;
    uint256 scheduler; // to the pool owner, who also gets what cannot be divided
    uint256 workers; // who agreed, by the logarithm of their weight
    uint256 poolStake; // comes back to the pool owner; is burned where the task is not settled in time
    uint256 workerStake; // what a vote that differs, or is withheld, loses
}

/// @title Payments
/// @notice Who gets what of a price. See design: "Money".
library Payments {
    uint256 private constant BPS = 10_000;
    /// @dev Burned of every pool price.
    uint256 private constant BURN_BPS = 100;

    /// @notice Everything that a task moves.
    function ofTask(Deal calldata deal) internal pure returns (TaskPayments memory payments) {
        (uint256 scheduler, uint256 workers) = split(deal);
        payments.payer = deal.taskPrice();
        payments.appOwner = deal.assetPrices.app();
        payments.datasetOwner = deal.assetPrices.dataset();
        payments.burned = deal.poolMoney.price() - scheduler - workers;
        payments.scheduler = scheduler;
        payments.workers = workers;
        payments.poolStake = deal.poolMoney.stake();
        payments.workerStake = deal.terms.workerStake();
    }

    /// @notice Of the pool price 1 % is burned, the scheduler's share comes next, and the workers divide the rest.
    function split(Deal calldata deal) internal pure returns (uint256 scheduler, uint256 workers) {
        uint256 price = deal.poolMoney.price();
        uint256 left = price - (price * BURN_BPS) / BPS;
        scheduler = (price * deal.terms.schedulerShare()) / BPS;
        if (scheduler > left) scheduler = left;
        workers = left - scheduler;
    }
}
