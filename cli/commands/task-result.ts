import { join } from "node:path";

import { Command } from "commander";

import { saveResult } from "../../sdk/node/save-result.ts";
import { parseTaskId } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { proofOf, proofText } from "../result-proof.ts";

export const taskResult = new Command("result")
  .argument("<id>", "task id", parseTaskId)
  .option("--out <dir>", "folder for it (default: out/<task>)")
  .option("--verify", "say how the digest was recomputed and compared; the check itself is always made", false)
  .addHelpText("after", "\nExample:\n  gridmill task result 0x5f3a... --verify --out result")
  .action(async (id: ReturnType<typeof parseTaskId>, options: { out?: string; verify: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const download = await grid.tasks.result(id, context.signal);
    const saved = await saveResult(download, options.out ?? join("out", id.slice(0, 12)));
    const proof = options.verify ? await proofOf(grid, id, saved.digest) : undefined;
    context.print({ taskId: id, ...saved, ...proof }, () =>
      [
        ...saved.files.map(({ sha256, path }) => `${sha256}  ${path}`),
        `exit ${saved.exitCode}, in ${saved.out}`,
        ...(proof ? [proofText(proof)] : []),
      ].join("\n"),
    );
  });
