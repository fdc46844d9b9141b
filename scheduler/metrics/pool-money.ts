import type { EventDecoder } from "../../chain/events.ts";
import type { Receipt } from "../../chain/intent.ts";
import type { ChainReader } from "../../chain/reader.ts";
import type { Address } from "../../protocol/primitives.ts";

/** What the pool has: the operator's gas money and the owner's escrow, all in wei. */
export type PoolMoney = { readonly gas: bigint; readonly available: bigint; readonly locked: bigint };

/** How long what was read is good enough, and how long a scrape waits for it, in milliseconds. */
const FRESH_MS = 15_000;
const PATIENCE_MS = 2_000;

type MoneyDeps = {
  readonly reader: Pick<ChainReader, "poolOf" | "accountOf">;
  readonly pool: bigint;
  /** Wei of the chain's own currency that the operator has. */
  readonly gasMoney: () => Promise<bigint>;
  readonly onError: (error: unknown) => void;
};

/** The pool's money as far as metrics go: a chain that is away costs a scrape its balances and two seconds, no more. */
export type Purse = {
  read(): Promise<PoolMoney | undefined>;
  /** The pool's owner as it was last seen; undefined before the first {@link Purse.read}. */
  owner(): Address | undefined;
};

export function createPurse({ reader, pool, gasMoney, onError }: MoneyDeps): Purse {
  let owner: Address | undefined;
  let last: { readonly money: Promise<PoolMoney | undefined>; readonly until: number } | undefined;

  async function ask(): Promise<PoolMoney> {
    const [gas, asset] = await Promise.all([gasMoney(), reader.poolOf(pool)]);
    owner = asset?.owner ?? owner;
    const { available, locked } = owner ? await reader.accountOf(owner) : { available: 0n, locked: 0n };
    return { gas, available, locked };
  }

  function read(): Promise<PoolMoney | undefined> {
    if (!last || performance.now() > last.until) {
      const money = ask().catch((error: unknown) => (onError(error), undefined));
      last = { money, until: performance.now() + FRESH_MS };
    }
    return inTime(last.money);
  }

  return { read, owner: () => owner };
}

async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  return await Promise.race([answer, over]).finally(() => clearTimeout(timer));
}

/** What a transaction changed of an account's escrow, free and locked together, in wei: what it earned or lost by it. */
export function escrowChange(
  account: Address | undefined,
  { logs }: Pick<Receipt, "logs">,
  decoder: EventDecoder,
): bigint {
  const events = logs.map((log) => decoder.decode(log));
  return events.reduce(
    (sum, event) =>
      event?.kind === "Posted" && event.account === account ? sum + event.available + event.locked : sum,
    0n,
  );
}
