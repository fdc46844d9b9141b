import { Command } from "commander";

import type { Address } from "../../protocol/primitives.ts";
import { collectInput, parseAddress, parseDuration } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { matchAsked, matchJson, matchText } from "../run/match-asked.ts";
import type { MatchOptions } from "../run/match-asked.ts";

export const dappMatch = new Command("match")
  .argument("<address>", "the contract", parseAddress)
  .option("--input <path[=name]>", "a file that its params name without a URL; repeatable", collectInput, [])
  .option("--timeout <time>", "stop waiting after this, such as 10m; the deal goes on", parseDuration)
  .option("--detach", "do not wait for the answer", false)
  .option("--yes", "do not ask before spending gas", false)
  .addHelpText("after", "\nExample:\n  gridmill dapp match ADDRESS --input bids.txt=bids --yes")
  .action(async (consumer: Address, options: MatchOptions, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const matched = await matchAsked(context, grid, consumer, options);
    context.print(matchJson(matched), () => matchText(matched));
  });
