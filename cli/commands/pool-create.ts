import { Command } from "commander";

import { parseAddress, parseMill } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { terminalPrompts } from "../prompts.ts";

type Options = { endpoint: string; operator?: ReturnType<typeof parseAddress>; stake?: bigint; yes: boolean };

export const poolCreate = new Command("create")
  .requiredOption("--endpoint <url>", "where workers and requesters reach its gateway")
  .option("--operator <address>", "the key that seals and settles (default: yours)", parseAddress)
  .option("--stake <mill>", "MILL to deposit: 30 % of the price of every task at work is locked", parseMill)
  .option("--yes", "do not ask before spending", false)
  .addHelpText("after", "\nExample:\n  gridmill pool create --endpoint https://pool.example --stake 1000")
  .action(async ({ endpoint, operator, stake, yes }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    if (!yes) await terminalPrompts().confirm(`Register a pool at ${endpoint}, for gas?`);
    if (stake !== undefined) await grid.accounts.deposit(stake, context.signal);
    const pool = await grid.pools.create({ operator: operator ?? grid.address, endpoint }, context.signal);
    context.print(
      pool,
      `pool ${pool.id} at ${pool.endpoint}. Offer its work: gridmill pool offer ${pool.id} --price 1`,
    );
  });
