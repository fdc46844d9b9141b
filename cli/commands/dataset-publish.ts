import { resolve } from "node:path";

import { Command } from "commander";

import { inputFile } from "../../sdk/node/input-file.ts";
import { requireServed } from "../../sdk/node/served-file.ts";
import { parseHttpUrl } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { terminalPrompts } from "../prompts.ts";

export const datasetPublish = new Command("publish")
  .argument("<file>", "the file; a folder goes into one file first, with tar")
  .requiredOption("--url <url>", "where every pool can fetch exactly this file", parseHttpUrl)
  .option("--yes", "do not ask before spending gas", false)
  .addHelpText("after", "\nExample:\n  gridmill dataset publish genome.fa --url https://data.example/genome.fa --yes")
  .action(async (file: string, { url, yes }: { url: string; yes: boolean }, command: Command) => {
    const context = contextOf(command);
    const { sha256 } = await inputFile(resolve(file), "dataset");
    await requireServed(url, sha256, context.signal);
    await using grid = await connectToSign(context);
    const pin = { reference: url, digest: `0x${sha256}` } as const;
    const [known] = (await grid.datasets.find(pin)).filter(({ owner }) => owner === grid.address);
    if (!known && !yes) await terminalPrompts().confirm(`Register ${url} on chain for everybody to read, for gas?`);
    const { id, owner, reference, digest, encrypted } = known ?? (await grid.datasets.publish(pin, context.signal));
    context.print({ id, owner, reference, digest, encrypted }, `dataset ${id}  ${reference}  sha256 ${sha256}`);
  });
