import type { Call } from "../../chain/intent.ts";
import { signOrder } from "../../chain/sign.ts";
import type { AppOrder, PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import type { TestGrid } from "./chain/grid.ts";

type Orders = { readonly app: AppOrder; readonly pool: PoolOrder; readonly request: RequestOrder };
/** Accounts of Anvil. */
type Signers = { readonly owner: number; readonly requester: number };

/** The call that matches three orders; `owner` signs for app and pool. */
export async function signedMatch(
  { reader, calls, wallet }: TestGrid,
  { app, pool, request }: Orders,
  { owner, requester }: Signers,
): Promise<Call> {
  const domain = reader.orderDomain;
  return calls.matchOrders({
    app: { order: app, signature: await signOrder("app", app, wallet(owner), domain) },
    pool: { order: pool, signature: await signOrder("pool", pool, wallet(owner), domain) },
    request: { order: request, signature: await signOrder("request", request, wallet(requester), domain) },
  });
}
