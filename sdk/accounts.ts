import { Signature } from "ethers";

import { TooEarlyError } from "../chain/errors.ts";
import { NoFundsError } from "../protocol/order-errors.ts";
import { formatMill } from "../protocol/amounts.ts";
import type { Address, Hash } from "../protocol/primitives.ts";
import type { Call, Receipt } from "../chain/intent.ts";

import { accountOf, once, send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";

/** What somebody has, in wei: of the chain's own currency, and of MILL in four places. Times in Unix seconds. */
type AccountView = {
  readonly address: Address;
  /** Pays gas. */
  readonly native: bigint;
  /** MILL outside of the escrow. */
  readonly wallet: bigint;
  /** MILL in the escrow that is free, and that which deals, stakes and bonds hold. */
  readonly available: bigint;
  readonly locked: bigint;
  /** Bond of a worker, what of it is on its way out, and from when that may be withdrawn. */
  readonly bonded: bigint;
  readonly unbonding: bigint;
  readonly readyAt: number;
  /** Reputation of a worker. */
  readonly score: number;
};

/** Money of the signer; every call that changes something waits until it is done. */
export interface Accounts {
  /** Anybody's account. */
  show(address: Address): Promise<AccountView>;
  /**
   * Puts MILL from the wallet into the escrow, in one transaction: the signer permits it by a signature where no
   * allowance covers it.
   * @throws NoFundsError
   */
  deposit(amount: bigint, signal?: AbortSignal): Promise<Receipt>;
  /** The same into somebody else's account, such as a contract's that pays for computations; at most two transactions. */
  depositFor(account: Address, amount: bigint, signal?: AbortSignal): Promise<Receipt>;
  withdraw(amount: bigint, signal?: AbortSignal): Promise<Receipt>;
  /** Sends MILL of the wallet to somebody else's. */
  transfer(to: Address, amount: bigint, signal?: AbortSignal): Promise<Receipt>;
  /** Stakes MILL of the escrow on the signer's votes as a worker. */
  bond(amount: bigint, signal?: AbortSignal): Promise<Receipt>;
  /** Starts to take it back; a second one restarts the delay. */
  unbond(amount: bigint, signal?: AbortSignal): Promise<Receipt>;
  /** What was unbonded, back in the escrow, once its delay is over. @throws NoFundsError | TooEarlyError */
  withdrawBond(signal?: AbortSignal): Promise<Receipt>;
}

export function createAccounts(context: GridContext): Accounts {
  const { calls, reader } = context;
  const simple = (purpose: string, call: Call, signal?: AbortSignal): Promise<Receipt> =>
    send(context, once(purpose), call, signal);
  const own = async (): Promise<AccountView> => await show(context, accountOf(context).address);
  return {
    show: (address) => show(context, address),
    async deposit(amount, signal) {
      const { token, allowance } = await reader.accountOf(accountOf(context).address);
      requireFunds(token, amount, "the wallet", "Get MILL into the wallet first");
      return await simple(
        "deposit",
        allowance >= amount ? calls.deposit(amount) : await permitted(context, amount),
        signal,
      );
    },
    async depositFor(account, amount, signal) {
      const { token, allowance } = await reader.accountOf(accountOf(context).address);
      requireFunds(token, amount, "the wallet", "Get MILL into the wallet first");
      if (allowance < amount) await simple("allow", calls.allowDeposit(amount), signal);
      return await simple("deposit-for", calls.depositFor(account, amount), signal);
    },
    async withdraw(amount, signal) {
      requireFunds(
        (await own()).available,
        amount,
        "the escrow",
        "What is locked comes back when its deals are settled",
      );
      return await simple("withdraw", calls.withdraw(amount), signal);
    },
    async transfer(to, amount, signal) {
      requireFunds((await own()).wallet, amount, "the wallet", "Withdraw from the escrow first");
      return await simple("transfer", calls.transfer(to, amount), signal);
    },
    async bond(amount, signal) {
      const missing = `Deposit first: gridmill account deposit ${formatMill(amount)}`;
      requireFunds((await own()).available, amount, "the escrow", missing);
      return await simple("bond", calls.bond(amount), signal);
    },
    async unbond(amount, signal) {
      requireFunds((await own()).bonded, amount, "the bond", "See gridmill account show");
      return await simple("unbond", calls.unbond(amount), signal);
    },
    async withdrawBond(signal) {
      requireFree(await own(), await reader.now());
      return await simple("withdraw-bond", calls.withdrawBond(), signal);
    },
  };
}

async function show({ reader }: GridContext, address: Address): Promise<AccountView> {
  const [account, worker] = await Promise.all([reader.accountOf(address), reader.workerOf(address)]);
  const { native, token, available, locked } = account;
  return { address, native, wallet: token, available, locked, ...worker };
}

/** @throws NoFundsError that says how much is missing */
export function requireFunds(has: bigint, needs: bigint, where: string, hint: string): void {
  if (has >= needs) return;
  throw new NoFundsError(`Not enough MILL: ${where} has ${formatMill(has)}, and ${formatMill(needs)} are needed`, {
    details: { has, needs },
    hint,
  });
}

/** @throws NoFundsError when nothing was unbonded, TooEarlyError while its delay lasts */
function requireFree({ unbonding, readyAt }: AccountView, now: number): void {
  if (unbonding === 0n) {
    throw new NoFundsError("Nothing is on its way out of the bond", {
      hint: "Start with gridmill account unbond AMOUNT",
    });
  }
  if (readyAt <= now) return;
  const when = new Date(readyAt * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
  throw new TooEarlyError(`The bond is not free yet: ${formatMill(unbonding)} MILL are bound until ${when}`, {
    details: { readyAt },
    hint: "Come back after that time: gridmill account unbond --finish",
  });
}

const PERMIT_TYPES = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};
const PERMIT_SECONDS = 3_600;

/** A deposit that carries its own allowance (EIP-2612). */
async function permitted(context: GridContext, amount: bigint): Promise<Call> {
  const { contracts, network, reader } = context;
  const { address, signer } = accountOf(context);
  const { token, escrow } = network.deployment.contracts;
  const deadline = BigInt((await reader.now()) + PERMIT_SECONDS);
  const domain = { name: "Gridmill", version: "1", chainId: network.chainId, verifyingContract: token };
  const nonce = await contracts.token.nonces(address);
  const message = { owner: address, spender: escrow, value: amount, nonce, deadline };
  const { v, r, s } = Signature.from(await signer.signTypedData(domain, PERMIT_TYPES, message));
  const args = [amount, deadline, v, r as Hash, s as Hash];
  return { to: escrow, data: contracts.escrow.interface.encodeFunctionData("depositWithPermit", args) as Hash };
}
