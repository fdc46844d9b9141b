import type { Receipt } from "../chain/intent.ts";
import type { Accounts } from "../sdk/accounts.ts";

import { connectToSign } from "./connect.ts";
import type { Context } from "./context.ts";
import { terminalPrompts } from "./prompts.ts";

type Move = {
  readonly yes: boolean;
  readonly question: string;
  readonly done: string;
  readonly move: (accounts: Accounts, signal: AbortSignal) => Promise<Receipt>;
};

/** Asks, sends one transaction of the signer's money, and shows the account as it is then. */
export async function moveMoney(context: Context, { yes, question, done, move }: Move): Promise<void> {
  await using grid = await connectToSign(context);
  if (!yes) await terminalPrompts().confirm(question);
  const { hash, gasUsed } = await move(grid.accounts, context.signal);
  const account = await grid.accounts.show(grid.address);
  context.print({ transactionHash: hash, gasUsed, account }, done);
}
