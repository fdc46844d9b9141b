/** The real worker, as its own process and without containers, that cheats in the way that its argument names. */
import { keepMemoryLean } from "../../../chain/node/lean-memory.ts";
import type { WorkerMessage } from "../../../protocol/messages.ts";
import type { Gateway, GatewayPeer, Welcome } from "../../../worker/gateway/gateway.ts";

import type { Cheat } from "./worker-cheats.ts";

keepMemoryLean();
const { loadWallet } = await import("../../../chain/node/wallet.ts");
const { loadConfig } = await import("../../../worker/config.ts");
const { runWorker } = await import("../../../worker/run-worker.ts");
const { REAL_PORTS } = await import("../../../worker/start-worker.ts");
const { createInstantExecutor } = await import("../stage/instant-executor.ts");
const { sayCheated } = await import("./say-cheated.ts");
const { WORKER_CHEATS } = await import("./worker-cheats.ts");

const { twist, lie, isMute } = WORKER_CHEATS.find(({ name }) => name === process.argv[2])!;
const wallet = await loadWallet(loadConfig().key);
let domain: Cheat["domain"] | undefined;

/** Sends what the cheat makes of a message. */
async function sendTwisted(message: WorkerMessage, send: Gateway["send"]): Promise<void> {
  const sent = await twist?.(message, { wallet, domain: domain! });
  if (sent === undefined) return send(message);
  if (sent.length !== 1 || sent[0]!.message !== message || sent[0]!.afterMs) sayCheated();
  for (const { message: other, afterMs } of sent) {
    if (afterMs) setTimeout(() => send(other), afterMs);
    else send(other);
  }
}

await runWorker({
  createExecutor: () => {
    const honest = createInstantExecutor();
    if (!lie) return honest;
    return {
      ...honest,
      run: async (...given) => {
        const outcome = lie(await honest.run(...given));
        sayCheated();
        return outcome;
      },
    };
  },
  linkChain: async (...given) => {
    const link = await REAL_PORTS.linkChain(...given);
    domain = link.ballotDomain;
    if (!isMute) return link;
    return { ...link, voteSender: (...it) => ({ ...link.voteSender(...it), open: () => Promise.resolve() }) };
  },
  createGateway: (options) => {
    const honest = REAL_PORTS.createGateway(options);
    const send = (message: WorkerMessage): void => void sendTwisted(message, honest.send);
    // Its own hello is said once more in the cheat's words, since the first is not said by `send`.
    const greeting = (peer: GatewayPeer, welcome: Welcome): void => {
      peer.onWelcome(welcome);
      send(peer.hello());
    };
    return {
      send,
      run: (peer, signal) => honest.run({ ...peer, onWelcome: (welcome) => greeting(peer, welcome) }, signal),
    };
  },
});
