import { id as hashOf, Wallet } from "ethers";

import type { Call } from "../../../chain/intent.ts";
import { createMemoryJournal } from "../../../chain/memory-journal.ts";
import { createSender } from "../../../chain/sender.ts";
import type { SenderOptions } from "../../../chain/sender.ts";
import { ZERO_ADDRESS } from "../../../protocol/primitives.ts";
import type { Hex } from "../../../protocol/primitives.ts";
import { waitFor } from "../wait-for.ts";
import type { FakeSenderChain } from "./fake-sender-chain.ts";

const signer = new Wallet(hashOf("the sender's key"));
export const dataOf = (name: string): Hex => hashOf(name) as Hex;
export const callOf = (name: string): Call => ({ to: ZERO_ADDRESS, data: dataOf(name) });
export const codeOf = (error: { code: string }): string => error.code;

/** Options of a sender that looks without pause. */
export function optionsFor(fake: FakeSenderChain, changes: Partial<SenderOptions> = {}): SenderOptions {
  const journal = createMemoryJournal();
  return { chain: fake.chain, signer, journal, confirmations: 0, pollMs: 1, onError: () => {}, ...changes };
}

/** Waits until a sender has written down and broadcast the intent. */
export async function isOpen(fake: FakeSenderChain, options: SenderOptions, id: string): Promise<void> {
  const sender = createSender(options);
  await waitFor(`intent ${id}`, async () => (await sender.find(id))?.state === "open", { everyMs: 1 });
}
