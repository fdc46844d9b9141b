import { replacementFees } from "./fees.ts";
import type { Intent } from "./intent.ts";
import type { SenderAccount } from "./sender-account.ts";
import { NEW } from "./sender-begin.ts";
import type { Look, Mined, SenderChain } from "./sender-chain.ts";
import type { SenderJournal } from "./sender-journal.ts";

type FollowerDeps = {
  readonly chain: SenderChain;
  readonly journal: SenderJournal;
  readonly account: SenderAccount;
  readonly confirmations: number;
  readonly replaceAfterMs: number;
  readonly maxReplacements: number;
  /** Wei per gas. */
  readonly maxFeePerGas?: bigint | undefined;
  readonly onError: (error: unknown) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
};

/** A node may know a block before it finds that block's transactions. */
const INDEXING_BLOCKS = 2;
/** What a transfer to oneself costs. */
const PLAIN_TRANSFER_GAS = 21_000n;

/**
 * Looks once at every open intent and does the next thing for each: broadcast, replace, finish. Any number of processes
 * may do so at the same time; the journal's revisions decide between them.
 * @returns whether there was any
 */
export async function followOpen(deps: FollowerDeps): Promise<boolean> {
  const { chain, journal, account, onError } = deps;
  const open = await journal.open(await account.scope());
  if (open.length === 0) return false;
  const { nextNonce } = await chain.look(account.address, []);
  if (nextNonce < open[0]!.nonce) await closeGap(nextNonce, deps);
  await Promise.all(open.map((intent) => advance(intent, deps).catch(onError)));
  return true;
}

/** How many of the newest intents are looked through where the node cannot tell a nonce of long ago. */
const LOOKED_THROUGH = 1_000;

/**
 * Opens again what was finished in a block above `block` that is no longer there: its transaction is broadcast again, the very
 * same or one that pays more, so that it is done once on this branch as well.
 * @returns the ids of those, and of what is open besides, by ascending nonce
 */
export async function reopenLost(block: number, deps: FollowerDeps): Promise<readonly string[]> {
  const { journal, account, chain } = deps;
  const scope = await account.scope();
  const end = await journal.nextNonce(scope);
  const first = await chain.nonceAt(account.address, block).catch(() => end - LOOKED_THROUGH);
  const lost: string[] = [];
  for (let nonce = Math.max(0, first); nonce < end; nonce++) {
    const intent = await journal.byNonce(scope, nonce);
    if (!intent || (await lookAt(intent, deps)).mined) continue;
    if (intent.state !== "open")
      await write({ ...intent, state: "open", receipt: undefined, revertData: undefined }, deps);
    lost.push(intent.id);
  }
  return lost;
}

async function advance(intent: Intent, deps: FollowerDeps): Promise<void> {
  const look = await lookAt(intent, deps);
  if (look.mined) {
    const depth = look.head - look.mined.receipt.blockNumber;
    if (depth >= deps.confirmations) await finish(intent, look.mined, deps);
  } else if (look.nextNonce > intent.nonce) {
    await forgetIfTaken(intent, look.head, deps);
  } else if (look.nextNonce === intent.nonce && isOverdue(intent, deps)) {
    await replace(intent, deps);
  } else {
    await broadcastAgain(intent, deps);
  }
}

async function lookAt({ attempts }: Intent, { chain, account }: FollowerDeps): Promise<Look> {
  return await chain.look(
    account.address,
    attempts.map(({ hash }) => hash),
  );
}

async function finish(intent: Intent, { receipt, succeeded }: Mined, deps: FollowerDeps): Promise<void> {
  const revertData = succeeded ? undefined : await reasonOf(intent, receipt.blockNumber, deps);
  await write({ ...intent, state: succeeded ? "succeeded" : "reverted", receipt, revertData }, deps);
}

/** The state around its block shows the reason most often; a node that has pruned it can tell none. */
async function reasonOf(
  { call, gasLimit }: Intent,
  block: number,
  { chain, account }: FollowerDeps,
): Promise<Intent["revertData"]> {
  const limited = { ...call, gasLimit };
  const after = await chain.revertData(limited, account.address, block);
  return after ?? (await chain.revertData(limited, account.address, block - 1));
}

/** The nonce is used by what we never signed. Forgotten only when that is as final as everything else here. */
async function forgetIfTaken(intent: Intent, head: number, deps: FollowerDeps): Promise<void> {
  const { chain, journal, account, confirmations } = deps;
  const final = head - Math.max(confirmations, INDEXING_BLOCKS);
  if ((await chain.nonceAt(account.address, final)) <= intent.nonce) return;
  if ((await lookAt(intent, deps)).mined) return;
  await journal.remove(await account.scope(), intent.id, intent.revision);
}

function isOverdue({ attempts }: Intent, { maxReplacements, replaceAfterMs, now }: FollowerDeps): boolean {
  return attempts.length <= maxReplacements && now() - attempts.at(-1)!.signedAt >= replaceAfterMs;
}

async function replace(intent: Intent, deps: FollowerDeps): Promise<void> {
  const fees = replacementFees(intent.attempts.at(-1)!, await deps.chain.fees());
  // What is offered already stays the offer: a replacement for less than an eighth more is refused by every node.
  if (deps.maxFeePerGas !== undefined && fees.maxFeePerGas > deps.maxFeePerGas) return broadcastAgain(intent, deps);
  const attempt = await deps.account.sign(intent, fees);
  // Written before it leaves: a transaction that nobody remembers could be mined.
  const isOurs = await write({ ...intent, attempts: [...intent.attempts, attempt] }, deps);
  if (isOurs) await deps.chain.broadcast(attempt.raw);
}

async function broadcastAgain({ attempts }: Intent, { chain }: FollowerDeps): Promise<void> {
  const { hash, raw } = attempts.at(-1)!;
  if (!(await chain.knows(hash))) await chain.broadcast(raw);
}

/**
 * No open intent has the account's next nonce, so none can ever be mined. A finished one had it before the chain fell
 * back (a local chain was killed, or a reorganisation went deeper than we wait for): it is sent again. Else the nonce
 * was left out, and a transfer of nothing to oneself uses it up.
 */
async function closeGap(nonce: number, deps: FollowerDeps): Promise<void> {
  const { chain, journal, account } = deps;
  const known = await journal.byNonce(await account.scope(), nonce);
  if (known) {
    await write({ ...known, state: "open", receipt: undefined, revertData: undefined }, deps);
    return;
  }
  const filler = { nonce, call: { to: account.address, data: "0x" }, gasLimit: PLAIN_TRANSFER_GAS } as const;
  const attempts = [await account.sign(filler, await chain.fees())];
  await journal.add(await account.scope(), { id: `unused-nonce-${nonce}`, ...filler, attempts, ...NEW });
}

/** Returns whether nobody else changed the intent meanwhile; otherwise nothing is written. */
async function write(intent: Intent, { journal, account }: FollowerDeps): Promise<boolean> {
  return await journal.update(await account.scope(), { ...intent, revision: intent.revision + 1 });
}
