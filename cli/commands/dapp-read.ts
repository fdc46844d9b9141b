import { Command } from "commander";

import { toJson } from "../../protocol/json.ts";
import type { Address } from "../../protocol/primitives.ts";
import { parseAddress } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";

export const dappRead = new Command("read")
  .argument("<address>", "the contract", parseAddress)
  .argument("<function>", "such as 'latest() view returns (uint64,uint40,uint32)'")
  .argument("[args...]", "its arguments; lists and structs as JSON")
  .addHelpText("after", "\nExample:\n  gridmill dapp read ADDRESS 'winner() view returns (address)'")
  .action(async (to: Address, signature: string, args: readonly string[], _options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const values = await grid.contracts.read(to, signature, args);
    context.print({ values }, values.map((value) => (Array.isArray(value) ? toJson(value) : String(value))).join("\n"));
  });
