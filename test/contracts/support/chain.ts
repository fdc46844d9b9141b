import { network } from "hardhat";

/** One in-process chain for all contract tests; each test starts from a fixture's snapshot of it. */
const connection = await network.create();

export const ethers = connection.ethers;
export const { loadFixture, time, mine, setCode } = connection.networkHelpers;
export const networkHelpers = connection.networkHelpers;

/** An account of the test chain. */
export type Account = Awaited<ReturnType<typeof ethers.getSigners>>[number];
