/** The real market, as its own process, with crash points around everything it writes. */
import { runMarket } from "../../../market/run-market.ts";

import { crashPoints } from "./crash-points.ts";
import { mortalPorts } from "./market-points.ts";

await runMarket(mortalPorts(crashPoints("market")));
