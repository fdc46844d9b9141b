import { Command } from "commander";

import { parseSize, parseTasks, parseTrust } from "../args.ts";
import { contextOf } from "../context.ts";
import { runDemo } from "../demo/run-demo.ts";
import type { DemoOptions } from "../demo/run-demo.ts";

export const demo = new Command("demo")
  .option("--tasks <n>", "number of bands", parseTasks, 4)
  .option("--trust <n>", "5 asks for three equal votes (default: 5, with a cheater 3)", parseTrust)
  .option("--size <WxH>", "size of the picture in pixels; a smaller one is done sooner (default: 640x480)", parseSize)
  .option("--with-cheater", "a fourth worker votes a wrong digest, is outvoted and loses its stake", false)
  .option("--keep", "leave the market's data where it is, for a look", false)
  .addHelpText("after", "\nExample:\n  gridmill demo --with-cheater")
  .action(async (options: DemoOptions, command: Command) => {
    await runDemo(contextOf(command), options);
  });
