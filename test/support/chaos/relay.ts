/** The program `relay.ts PLACE TARGET`: hands connections on, such as into a network namespace from a socket outside. */
import { openProxy } from "../socket-proxy.ts";

const [place, target] = process.argv.slice(2) as [string, string];
await openProxy(place, target);
