import { Command } from "commander";

import { contextOf } from "../context.ts";
import { examine } from "../doctor.ts";
import { EXIT, ExitWith } from "../exit-codes.ts";
import { table } from "../print.ts";

export const doctor = new Command("doctor")
  .addHelpText("after", "\nExample:\n  gridmill doctor --json")
  .action(async (_options: unknown, command: Command) => {
    const context = contextOf(command);
    const findings = await examine(context);
    const ok = findings.every(({ state }) => state !== "bad");
    const rows = findings.map(({ what, state, found, mend }) => [
      state === "ok" ? "ok" : state.toUpperCase(),
      what,
      found,
      mend ?? "",
    ]);
    context.print({ ok, findings }, () => table(["", "what", "found", "how to mend it"], rows));
    if (!ok) throw new ExitWith(EXIT.unreachable);
  });
