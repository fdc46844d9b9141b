import { join } from "node:path";

import { Command } from "commander";

import { parseTaskId } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ResultMismatchError } from "../../sdk/errors.ts";
import type { Grid } from "../../sdk/grid.ts";
import type { Settlement } from "../../sdk/settlements.ts";
import { saveResult } from "../../sdk/node/save-result.ts";

export const taskResult = new Command("result")
  .description("Fetch the result of a settled task; it is unpacked only if it is what was settled on chain")
  .argument("<id>", "task id", parseTaskId)
  .option("--out <dir>", "folder for it (default: out/<task>)")
  .option("--verify", "say how the digest was recomputed and compared; the check itself is always made", false)
  .addHelpText("after", "\nExample:\n  gridmill task result 0x5f3a... --verify --out result")
  .action(async (id: ReturnType<typeof parseTaskId>, options: { out?: string; verify: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const download = await grid.tasks.result(id, context.signal);
    const saved = await saveResult(download, options.out ?? join("out", id.slice(0, 12)));
    const settled = options.verify ? await settlementOf(grid, id, saved.digest) : undefined;
    const proof = settled && {
      verified: true,
      onChain: settled.digest,
      recomputed: saved.digest,
      transactionHash: settled.settle.transactionHash,
    };
    context.print({ taskId: id, ...saved, ...proof }, () =>
      [
        ...saved.files.map(({ sha256, path }) => `${sha256}  ${path}`),
        `exit ${saved.exitCode}, in ${saved.out}`,
        ...(proof
          ? [
              `digest ${proof.recomputed}\n  recomputed from these files; TaskSettled says the same in ${proof.transactionHash}`,
            ]
          : []),
      ].join("\n"),
    );
  });

/** @throws ResultMismatchError when the chain does not say what these files hash to */
async function settlementOf(grid: Grid, taskId: Hash, digest: Hash): Promise<Settlement> {
  const settled = await grid.settlements.of(taskId);
  if (settled?.digest === digest) return settled;
  throw new ResultMismatchError(`The files hash to ${digest}, but the chain says ${settled?.digest ?? "nothing"}`, {
    hint: "Wait for the chain to confirm the settlement, then fetch it again",
    details: { taskId, digest, onChain: settled?.digest },
  });
}
