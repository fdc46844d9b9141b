import type { AppState } from "../chain/reader.ts";
import type { AppAsset, BookOrder } from "../protocol/market-api.ts";
import { AssetUnknownError } from "../protocol/order-errors.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

import { askTerms, signAndPost } from "./ask-terms.ts";
import type { AskOptions } from "./ask-terms.ts";
import { accountOf, eventOf, send } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";
import { allPages } from "./pages.ts";

/** An image, pinned: `reference` without its digest, `digest` the sha256 of its manifest as 0x and 32 bytes. */
export type ImagePin = { readonly reference: string; readonly digest: Hash };

type AppOffer = AskOptions & { readonly app: bigint; readonly onlyPool?: bigint; readonly onlyDataset?: bigint };

/** Apps: images registered on chain, and the orders that offer them. */
export interface Apps {
  /** Registers an image on chain; it never changes afterwards. Costs gas. */
  publish(image: ImagePin, signal?: AbortSignal): Promise<AppState>;
  /** Signs an offer and posts it. Free. */
  offer(offer: AppOffer): Promise<BookOrder<"app">>;
  /** As the chain has it. @throws AssetUnknownError */
  get(id: bigint): Promise<AppState>;
  /** All apps that the market knows, with their lowest price. */
  list(filter?: { readonly owner?: Address }): Promise<readonly AppAsset[]>;
  /** Apps with exactly this image, oldest first. */
  find(image: ImagePin): Promise<readonly AppAsset[]>;
}

export function createApps(context: GridContext): Apps {
  const { calls, market, reader } = context;
  const list: Apps["list"] = (filter = {}) => allPages((cursor) => market.apps({ ...filter, ...cursor }));
  return {
    async publish({ reference, digest }, signal) {
      const { address } = accountOf(context);
      const id = `register-app-${address}-${reference}@${digest}`;
      const receipt = await send(context, id, calls.registerApp(reference, digest), signal);
      return { id: eventOf(context, receipt, "AppRegistered").id, owner: address, reference, digest };
    },
    async offer({ app, onlyPool = 0n, onlyDataset = 0n, ...options }) {
      return await signAndPost(context, "app", { app, onlyPool, onlyDataset, ...(await askTerms(context, options)) });
    },
    async get(id) {
      const app = await reader.appOf(id);
      if (app) return app;
      throw new AssetUnknownError(`There is no app ${id} on this network`, { hint: "See gridmill app list" });
    },
    list,
    find: async ({ reference, digest }) =>
      (await list()).filter((app) => app.reference === reference && app.digest === digest),
  };
}
