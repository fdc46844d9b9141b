import { writeFile } from "node:fs/promises";

import { Command } from "commander";

import type { Address } from "../../protocol/primitives.ts";
import { parseAddress } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";

type Options = { readonly contract?: Address; readonly out?: string };

export const workerOwn = new Command("own")
  .argument("<worker>", "address of the worker that is yours", parseAddress)
  .option("--contract <address>", "the owner, where it is a contract that takes your signature", parseAddress)
  .option("--out <file>", "write the statement into this file")
  .addHelpText(
    "after",
    "\nExample:\n  gridmill worker own 0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc --network testnet --account me --out owner.json",
  )
  .action(async (worker: Address, { contract, out }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const statement = await grid.workers.own(worker, contract);
    const text = JSON.stringify(statement, null, 2);
    if (out !== undefined) await writeFile(out, `${text}\n`);
    context.print(statement, () => (out === undefined ? text : `${statement.owner} owns ${worker}: see ${out}`));
  });
