import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import { dealDeadline } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { parseParams, taskParams } from "../../protocol/params.ts";
import type { Input, Params } from "../../protocol/params.ts";
import { InputUnavailableError } from "../errors.ts";
import type { HeldDataset } from "../store/tasks/deal-store.ts";
import type { PoolContext } from "./context.ts";

/** An input is fetched within this time or not at all, in milliseconds. */
const FETCH_MS = 300_000;

/**
 * Has every input of a deal's tasks among the pool's blobs.
 * @throws BadParamsError | InputUnavailableError, and what the blob store throws
 */
export async function provideInputs(pool: PoolContext, text: string, deal: Deal): Promise<void> {
  const inputs = inputsOf(parseParams(text), deal.volume);
  const bytes = inputs.reduce((sum, input) => sum + input.bytes, 0);
  if (bytes > pool.config.blobQuotaBytes)
    throw new InputUnavailableError(`its inputs are ${bytes} bytes, more than this pool keeps for one`);
  for (const input of inputs) await ensureInput(pool, input, deal);
}

/**
 * Has the deal's dataset among the pool's blobs; undefined where it has none. How large it is the registry does not say:
 * it may be as large as all inputs of one requester together.
 * @throws InputUnavailableError, and what the blob store throws
 */
export async function provideDataset(pool: PoolContext, deal: Deal): Promise<HeldDataset | undefined> {
  if (deal.dataset === 0n) return undefined;
  const dataset = await pool.chain.datasetOf(deal.dataset);
  if (!dataset) throw new InputUnavailableError(`its dataset ${deal.dataset} does not exist`);
  if (dataset.encrypted) {
    throw new InputUnavailableError(`its dataset ${deal.dataset} is encrypted, and this pool has no key to any`);
  }
  const { sha256, reference: url } = dataset;
  await keep(pool, sha256, deal);
  const held = await pool.blobs.size(sha256);
  return { sha256, bytes: held ?? (await download(pool, { name: `dataset ${deal.dataset}`, sha256, url })) };
}

/** Every different input of a deal's tasks, once. */
function inputsOf(params: Params, volume: number): readonly Input[] {
  const count = params.tasks ? Math.min(volume, params.tasks.length) : 1;
  const all = Array.from({ length: count }, (_unused, index) => taskParams(params, index)?.inputs ?? []).flat();
  return [...new Map(all.map((input) => [input.sha256, input])).values()];
}

async function ensureInput(pool: PoolContext, input: Input, deal: Deal): Promise<void> {
  await keep(pool, input.sha256, deal);
  const held = (await pool.blobs.size(input.sha256)) ?? (await download(pool, input));
  if (held !== input.bytes) throw unavailable(input, `has ${held} bytes, not ${input.bytes}`);
}

/** As long as the deal may need it. Before a download, so that what a dead process leaves is found again. */
async function keep(pool: PoolContext, sha256: string, deal: Deal): Promise<void> {
  await pool.ledger.keep(sha256, Math.max(pool.clock.now() + pool.config.retentionMs, dealDeadline(deal) * 1_000));
}

/** A file somewhere else, and what it has to hash to. Where `bytes` is not known it may have as many as the pool keeps for one. */
type Remote = Pick<Input, "name" | "sha256" | "url"> & { readonly bytes?: number };

/** @returns how many bytes it has */
async function download(pool: PoolContext, file: Remote): Promise<number> {
  const body = await bodyOf(file);
  return await pool.blobs.write(file.sha256, Readable.fromWeb(body), file.bytes ?? pool.config.blobQuotaBytes);
}

async function bodyOf(file: Remote): Promise<ReadableStream> {
  if (file.url === undefined) throw unavailable(file, "was not uploaded to this pool");
  if (!/^https?:\/\//.test(file.url)) throw unavailable(file, "has no URL to be fetched from");
  const answer = await fetch(file.url, { signal: AbortSignal.timeout(FETCH_MS) }).catch((cause: unknown) => {
    throw unavailable(file, "cannot be fetched from its URL", cause);
  });
  if (!answer.ok || !answer.body) throw unavailable(file, `is not at its URL (HTTP ${answer.status})`);
  const declared = answer.headers.get("content-length");
  if (file.bytes !== undefined && declared !== null && Number(declared) !== file.bytes) {
    await answer.body.cancel();
    throw unavailable(file, `has ${declared} bytes at its URL, not ${file.bytes}`);
  }
  return answer.body as ReadableStream;
}

function unavailable({ name, sha256 }: Remote, why: string, cause?: unknown): InputUnavailableError {
  return new InputUnavailableError(`Input ${name} (${sha256.slice(0, 12)}…) ${why}`, { cause });
}
