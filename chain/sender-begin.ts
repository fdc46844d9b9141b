import { boundedFees } from "./fees.ts";
import type { Fees } from "./fees.ts";
import type { Call, Intent } from "./intent.ts";
import type { SenderAccount } from "./sender-account.ts";
import type { SenderChain } from "./sender-chain.ts";
import type { SenderJournal } from "./sender-journal.ts";
import { gasLimitFor, noGasMoney } from "./simulate.ts";

type BeginDeps = {
  readonly chain: SenderChain;
  readonly journal: SenderJournal;
  readonly account: SenderAccount;
  /** Wei per gas. */
  readonly maxFeePerGas?: bigint | undefined;
  /** Runs one at a time, so that senders of one process do not race for a nonce. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
};

type Priced = { readonly id: string; readonly call: Call; readonly gasLimit: bigint; readonly fees: Fees };

/**
 * Simulates a call and, if it would succeed, writes it down with a nonce and a signature. Nothing has left yet.
 * Another intent that has the id by then is returned instead.
 */
export async function beginIntent(id: string, call: Call, deps: BeginDeps): Promise<Intent> {
  const { chain, account, exclusive } = deps;
  const gasUsed = await chain.estimate(call, account.address);
  const gasLimit = call.gasLimit ?? gasLimitFor(gasUsed, call.extraGas);
  const fees = boundedFees(await chain.fees(), deps.maxFeePerGas);
  await requireGasMoney(gasLimit * fees.maxFeePerGas + (call.value ?? 0n), deps);
  return await exclusive(() => reserve({ id, call, gasLimit, fees }, deps));
}

async function requireGasMoney(needed: bigint, { chain, account }: BeginDeps): Promise<void> {
  const balance = await chain.balanceOf(account.address);
  if (balance < needed) throw noGasMoney(account.address, undefined, { balance, needed });
}

/** Nonce and signed transaction are written in one step, so that there is no nonce without a transaction. */
async function reserve({ id, call, gasLimit, fees }: Priced, { chain, journal, account }: BeginDeps): Promise<Intent> {
  const scope = await account.scope();
  for (;;) {
    const { nextNonce } = await chain.look(account.address, []);
    const nonce = Math.max(nextNonce, await journal.nextNonce(scope));
    const attempts = [await account.sign({ nonce, call, gasLimit }, fees)];
    const intent: Intent = { id, nonce, call, gasLimit, attempts, ...NEW };
    const added = await journal.add(scope, intent);
    if (added.kind === "added") return intent;
    if (added.kind === "known") return added.intent;
  }
}

/** Where every intent begins. */
export const NEW = { state: "open", receipt: undefined, revertData: undefined, revision: 0 } as const;
