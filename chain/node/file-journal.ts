import { createHash } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { decodeIntent, encodeIntent } from "../intent.ts";
import type { Intent } from "../intent.ts";
import { nextNonceOf, openIntents } from "../memory-journal.ts";
import { createQueue } from "../queue.ts";
import type { SenderJournal } from "../sender-journal.ts";
import { removeFileDurably, writeFileDurably } from "./durable-file.ts";
import { withLock } from "./file-lock.ts";
import { undefinedIfMissing } from "./system-error.ts";

type FileJournalOptions = {
  /** Made when missing; one folder an account, one file an intent. */
  readonly dir: string;
  /**
   * How many finished intents an account remembers at least. Older ones may be forgotten, and their ids used again.
   * Default 1,000.
   */
  readonly keepFinished?: number;
};

const SUFFIX = ".json";

/** A journal in a folder, synced to disk. Several processes may share it: each step holds a lock on the account's folder. */
export function createFileJournal({ dir, keepFinished = 1_000 }: FileJournalOptions): SenderJournal {
  const folders = new Map<string, IntentFolder>();
  const queue = createQueue();

  function folderOf(scope: string): IntentFolder {
    const folder = folders.get(scope) ?? createIntentFolder(join(dir, scope));
    folders.set(scope, folder);
    return folder;
  }

  /** The lock file keeps other processes out; within this one the queue is quicker. */
  const alone = <T>(scope: string, work: (folder: IntentFolder) => Promise<T>): Promise<T> =>
    queue(async () => {
      const folder = folderOf(scope);
      await mkdir(folder.path, { recursive: true });
      return await withLock(join(folder.path, "lock"), () => work(folder));
    });

  return {
    get: (scope, id) => folderOf(scope).read(id),
    byNonce: async (scope, nonce) => (await folderOf(scope).readAll()).find((intent) => intent.nonce === nonce),
    open: async (scope) => openIntents(await folderOf(scope).readAll()),
    nextNonce: async (scope) => nextNonceOf(await folderOf(scope).readAll()),
    add: (scope, intent) =>
      alone(scope, async (folder) => {
        const all = await folder.readAll();
        const known = all.find(({ id }) => id === intent.id);
        if (known) return { kind: "known", intent: known };
        if (all.some(({ nonce }) => nonce === intent.nonce)) return { kind: "nonce-taken" };
        await folder.write(intent);
        for (const { id } of outdated(all, keepFinished)) await folder.remove(id);
        return { kind: "added" };
      }),
    update: (scope, intent) =>
      alone(scope, async (folder) => {
        if ((await folder.read(intent.id))?.revision !== intent.revision - 1) return false;
        await folder.write(intent);
        return true;
      }),
    remove: (scope, id, revision) =>
      alone(scope, async (folder) => {
        if ((await folder.read(id))?.revision !== revision) return false;
        await folder.remove(id);
        return true;
      }),
  };
}

/** The oldest finished ones, once there are twice as many as have to be kept. */
function outdated(intents: readonly Intent[], keepFinished: number): readonly Intent[] {
  const finished = intents.filter(({ state }) => state !== "open").sort((a, b) => a.nonce - b.nonce);
  return finished.length < 2 * keepFinished ? [] : finished.slice(0, -keepFinished);
}

/** The files of one account. */
type IntentFolder = {
  readonly path: string;
  read(id: string): Promise<Intent | undefined>;
  readAll(): Promise<readonly Intent[]>;
  write(intent: Intent): Promise<void>;
  remove(id: string): Promise<void>;
};

function createIntentFolder(path: string): IntentFolder {
  /** Ids are free text, file names are not. */
  const nameOf = (id: string): string => createHash("sha256").update(id).digest("hex") + SUFFIX;

  /** Finished ones do not change any more, but for a rare revival; {@link read} always looks at the file. */
  const finished = new Map<string, Intent>();

  async function readName(name: string): Promise<Intent | undefined> {
    const file = join(path, name);
    const text = await readFile(file, "utf8").catch(undefinedIfMissing);
    const intent = text === undefined ? undefined : decodeIntent(text, file);
    if (intent && intent.state !== "open") finished.set(name, intent);
    else finished.delete(name);
    return intent;
  }

  return {
    path,
    read: (id) => readName(nameOf(id)),
    readAll: async () => {
      const names = (await readdir(path).catch(undefinedIfMissing)) ?? [];
      const intents = await Promise.all(
        names.filter((name) => name.endsWith(SUFFIX)).map(async (name) => finished.get(name) ?? (await readName(name))),
      );
      return intents.filter((intent) => intent !== undefined);
    },
    write: async (intent) => {
      finished.delete(nameOf(intent.id));
      await writeFileDurably(join(path, nameOf(intent.id)), encodeIntent(intent));
    },
    remove: async (id) => {
      finished.delete(nameOf(id));
      await removeFileDurably(join(path, nameOf(id)));
    },
  };
}
