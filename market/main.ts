/** The program `node market/main.ts`. */
import { runMarket } from "./run-market.ts";

await runMarket();
