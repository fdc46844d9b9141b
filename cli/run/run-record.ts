import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { StateFileError } from "../../chain/errors.ts";
import { writeFileDurably } from "../../chain/node/durable-file.ts";
import { IllegalMoveError } from "../../protocol/errors.ts";
import { toJson } from "../../protocol/json.ts";
import { OfferSchema } from "../../protocol/market-api.ts";
import { SignedRequestOrderSchema } from "../../protocol/orders.ts";
import { HashSchema } from "../../protocol/primitives.ts";

import { privateFolder, readIfThere } from "../home.ts";

/**
 * Every move that a run may make.
 *
 * - `asked`    nothing is signed: whatever was built, registered, stored or uploaded is found there again
 * - `signed`   the request may be matched: from here on another one would be paid besides it
 * - `matched`  the deal is open, and its tasks are waited for and fetched
 * - `done`     every result lies in its folder, or somebody was told why not; terminal
 */
const MOVES = {
  asked: ["signed", "done"],
  signed: ["matched", "done"],
  matched: ["done"],
  done: [],
} as const satisfies Record<string, readonly string[]>;

export type RunState = keyof typeof MOVES;

const SignedRunSchema = z.strictObject({
  state: z.enum(["signed", "matched"]),
  offer: OfferSchema,
  request: SignedRequestOrderSchema,
  /** Known once it is matched. */
  dealId: HashSchema.optional(),
});

/** A run that was signed and is not done. A run that is `asked` or `done` has no record. */
export type SignedRun = z.output<typeof SignedRunSchema>;

/** What a run must not forget when it is killed; on disk before anything about it leaves the machine. */
export interface RunRecord {
  /** What the same command has left when it was killed. @throws StateFileError */
  left(): Promise<SignedRun | undefined>;
  put(from: RunState, run: SignedRun): Promise<void>;
  done(from: RunState): Promise<void>;
}

/** @param asked everything by which two runs differ, as it was asked for */
export function openRunRecord(folder: string, asked: unknown): RunRecord {
  const file = join(folder, `${createHash("sha256").update(toJson(asked)).digest("hex").slice(0, 32)}.json`);
  return {
    left: () => readRun(file),
    put: async (from, run) => {
      requireMove(from, run.state);
      await privateFolder(folder);
      await writeFileDurably(file, toJson(run));
    },
    done: async (from) => {
      requireMove(from, "done");
      await rm(file, { force: true });
    },
  };
}

async function readRun(file: string): Promise<SignedRun | undefined> {
  const text = await readIfThere(file);
  try {
    return text === undefined ? undefined : SignedRunSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StateFileError(`${file} is not what a run has written`, {
      cause,
      hint: "Delete it; what was paid goes on by itself",
    });
  }
}

/** @throws IllegalMoveError when the table does not list the move */
function requireMove(from: RunState, to: RunState): void {
  if ((MOVES[from] as readonly RunState[]).includes(to)) return;
  throw new IllegalMoveError(`A run cannot go from ${from} to ${to}`, {
    hint: "This is a fault of Gridmill: please report it",
    details: { from, to },
  });
}
