import { FUNDS, KEYS } from "./e2e-bad-accounts.ts";
import { BLOBS, MESSAGES } from "./e2e-bad-gateway.ts";
import { ORDERS } from "./e2e-bad-orders.ts";
import { PLACES } from "./e2e-bad-places.ts";
import { APPS, COMMANDS, HOPELESS } from "./e2e-bad-runs.ts";
import { OUTAGES } from "./e2e-outages.ts";
import type { Section } from "./failure-table.ts";

/** Everything that is known to go wrong, in the order of docs/failures.md. */
export const FAILURES: readonly Section[] = [
  { title: "Orders", rows: ORDERS },
  { title: "Commands", rows: COMMANDS },
  { title: "Keys", rows: KEYS },
  { title: "Money", rows: FUNDS },
  { title: "Deals that nobody can work on", rows: HOPELESS },
  { title: "Apps", rows: APPS },
  { title: "What workers say to a pool", rows: MESSAGES },
  { title: "Inputs and results", rows: BLOBS },
  { title: "At the start", rows: PLACES },
  { title: "In the middle of a run", rows: OUTAGES },
];
