import type { MarketPorts } from "../../../market/services.ts";
import { createBook } from "../../../market/store/book-store.ts";
import { createDeals } from "../../../market/store/deal-store.ts";
import { createParamsStore } from "../../../market/store/params-store.ts";
import { createStateStore } from "../../../market/store/state-store.ts";
import { taskIdOf } from "../../../protocol/deal.ts";

import { passing } from "./crash-points.ts";
import type { Move, Reached } from "./crash-points.ts";

const move = (of: string, id: string, from: string, to: string): readonly Move[] => [{ of, id, from, to }];

/** Everything that a market writes, with crash points around every move. */
export function mortalPorts(reached: Reached): Partial<MarketPorts> {
  return {
    createBook: (db) => {
      const book = createBook(db);
      return {
        ...book,
        insert: (order) => passing(reached, move("order", order.hash, "-", "inserted"), () => book.insert(order)),
        judge: (selector, now) => {
          // Expiry is looked at every second, whether an order expires or not.
          const moves = selector.by === "hash" ? move("order", selector.hash, "inserted", "judged") : [];
          return passing(reached, moves, () => book.judge(selector, now));
        },
        saveUse: (hash, use, block) =>
          passing(reached, move("order", hash, "judged", "used"), () => book.saveUse(hash, use, block)),
      };
    },
    createDeals: (db) => {
      const deals = createDeals(db);
      return {
        ...deals,
        open: (deal) => passing(reached, move("market deal", deal.dealId, "-", "open"), () => deals.open(deal)),
        settle: (dealId, index, digest, block) =>
          passing(reached, move("market task", taskIdOf(dealId, index), "open", "settled"), () =>
            deals.settle(dealId, index, digest, block),
          ),
        end: (dealId, status, block) =>
          passing(reached, move("market deal", dealId, "open", status), () => deals.end(dealId, status, block)),
      };
    },
    createParams: (db) => {
      const params = createParamsStore(db);
      return {
        ...params,
        put: (hash, bytes, now) =>
          passing(reached, move("params", hash, "-", "kept"), () => params.put(hash, bytes, now)),
      };
    },
    createState: (db) => {
      const state = createStateStore(db);
      const { checkpoint } = state;
      return {
        ...state,
        checkpoint: {
          ...checkpoint,
          // What it has begun of a block is written down, too, and is no move.
          save: async (done) => {
            const moves =
              (await state.followed()) < done.block ? move("checkpoint", `${done.block}`, "block", "next") : [];
            await passing(reached, moves, () => checkpoint.save(done));
          },
        },
        lead: (me, seconds) => passing(reached, move("lead", me, "free", "taken"), () => state.lead(me, seconds)),
      };
    },
  };
}
