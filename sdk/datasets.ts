import type { DatasetState } from "../chain/reader.ts";
import type { BookOrder, DatasetAsset } from "../protocol/market-api.ts";
import { AssetUnknownError } from "../protocol/order-errors.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

import { askTerms, signAndPost } from "./ask-terms.ts";
import type { AskOptions } from "./ask-terms.ts";
import { DatasetEncryptedError } from "./errors.ts";
import { accountOf, eventOf, send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";
import { allPages } from "./pages.ts";

/** One file behind a URL; `digest` is the sha256 of its bytes as 0x and 32 bytes. */
export type DatasetPin = { readonly reference: string; readonly digest: Hash };

type DatasetOffer = AskOptions & { readonly dataset: bigint; readonly onlyApp?: bigint; readonly onlyPool?: bigint };

/** Datasets: files registered on chain, which pools fetch for the tasks that pay for them, and the orders that offer them. */
export interface Datasets {
  /** Registers a file that everybody may read on chain; it never changes afterwards. Costs gas. */
  publish(dataset: DatasetPin, signal?: AbortSignal): Promise<DatasetState>;
  /** Signs an offer and posts it. Free. */
  offer(offer: DatasetOffer): Promise<BookOrder<"dataset">>;
  /** As the chain has it. @throws AssetUnknownError */
  get(id: bigint): Promise<DatasetState>;
  /** The same, where every pool can read it. @throws AssetUnknownError | DatasetEncryptedError */
  readable(id: bigint): Promise<DatasetState>;
  /** All datasets that the market knows, with their lowest price. */
  list(filter?: { readonly owner?: Address }): Promise<readonly DatasetAsset[]>;
  /** Datasets with exactly this file, oldest first. */
  find(dataset: DatasetPin): Promise<readonly DatasetAsset[]>;
}

export function createDatasets(context: GridContext): Datasets {
  const { calls, market } = context;
  const list: Datasets["list"] = (filter = {}) => allPages((cursor) => market.datasets({ ...filter, ...cursor }));
  return {
    async publish({ reference, digest }, signal) {
      const { address } = accountOf(context);
      const id = `register-dataset-${address}-${reference}@${digest}`;
      const receipt = await send(context, id, calls.registerDataset(reference, digest, false), signal);
      const { id: dataset } = eventOf(context, receipt, "DatasetRegistered");
      return { id: dataset, owner: address, reference, digest, encrypted: false };
    },
    async offer({ dataset, onlyApp = 0n, onlyPool = 0n, ...options }) {
      const order = { dataset, onlyApp, onlyPool, ...(await askTerms(context, options)) };
      return await signAndPost(context, "dataset", order);
    },
    get: (id) => getDataset(context, id),
    readable: (id) => readableDataset(context, id),
    list,
    find: async ({ reference, digest }) =>
      (await list()).filter((dataset) => dataset.reference === reference && dataset.digest === digest),
  };
}

async function getDataset({ reader }: GridContext, id: bigint): Promise<DatasetState> {
  const dataset = await reader.datasetOf(id);
  if (dataset) return dataset;
  throw new AssetUnknownError(`There is no dataset ${id} on this network`, { hint: "See gridmill dataset list" });
}

/** @throws AssetUnknownError | DatasetEncryptedError */
export async function readableDataset(context: GridContext, id: bigint): Promise<DatasetState> {
  const dataset = await getDataset(context, id);
  if (!dataset.encrypted) return dataset;
  throw new DatasetEncryptedError(`Dataset ${id} is encrypted, and no pool has a key to it`, {
    hint: "Ask its owner for one that is not: gridmill dataset list",
  });
}
