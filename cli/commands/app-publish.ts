import { Command } from "commander";

import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { UsageError } from "../errors.ts";
import { terminalPrompts } from "../prompts.ts";
import { nameOf, pinImage, readTarget } from "../run/target.ts";

export const appPublish = new Command("publish")
  .argument("<dir|image>", "a folder with an app.json, which is built and pushed, or the name of an image")
  .option("--yes", "do not ask before spending gas", false)
  .addHelpText("after", "\nExample:\n  gridmill app publish apps/checksum --yes")
  .action(async (what: string, { yes }: { yes: boolean }, command: Command) => {
    const context = contextOf(command);
    const target = await readTarget(what);
    if (target.kind === "app")
      throw new UsageError(`App ${target.id} is registered already: give a folder or an image`, {
        hint: `Offer it with gridmill app offer ${target.id} --price MILL`,
      });
    await using grid = await connectToSign(context);
    const image = await pinImage(context, target);
    const [known] = (await grid.apps.find(image)).filter(({ owner }) => owner === grid.address);
    if (!known && !yes) await terminalPrompts().confirm(`Register ${nameOf(target)} on chain, for gas?`);
    const { id, owner, reference, digest } = known ?? (await grid.apps.publish(image, context.signal));
    context.print({ id, owner, reference, digest }, `app ${id}  ${reference}@sha256:${digest.slice(2)}`);
  });
