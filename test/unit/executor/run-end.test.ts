import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";

import { expect } from "chai";

import { connectEngine } from "../../../worker/executor/engine.ts";
import { untilEnded } from "../../../worker/executor/run-end.ts";
import { tempDir } from "../../support/temp-dir.ts";

const ENDED = { Running: false, ExitCode: 0, OOMKilled: false, StartedAt: "2026-01-01T00:00:00Z" };
const never = new Promise<never>(() => {});

/** An engine that takes a wait for a container and never answers it, over a socket of its own. */
async function silentEngine(): Promise<AsyncDisposable & { socketPath: string; asked: Promise<void>; goAway(): void }> {
  const dir = await tempDir();
  const socketPath = join(dir.path, "engine.sock");
  const asked = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (request.url!.includes("/wait")) {
      response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      asked.resolve();
    } else response.end(JSON.stringify({ State: { ...ENDED, FinishedAt: "2026-01-01T00:00:02Z" } }));
  });
  await once(server.listen(socketPath), "listening");
  const goAway = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const dispose = async (): Promise<void> => {
    if (server.listening) goAway();
    await dir[Symbol.asyncDispose]();
  };
  return { socketPath, asked: asked.promise, goAway, [Symbol.asyncDispose]: dispose };
}

describe("untilEnded", function () {
  /** A run whose wait the engine leaves unanswered; its log ends when `logEnded` resolves. */
  function runAt(socketPath: string, logEnded: Promise<void>) {
    const docker = connectEngine({ socketPath });
    const container = docker.getContainer("task");
    const logs = {
      overflow: never,
      ended: logEnded,
      endedTooLong: () => Promise.resolve(false),
      [Symbol.dispose]: () => {},
    };
    const meter = { cpuMs: 0, peakMemoryMiB: 0, outOfTime: never, [Symbol.dispose]: () => {} };
    const volume = { isRoots: false, overflow: () => never, wasFull: () => Promise.resolve(false) };
    return untilEnded(docker, { container, wallMs: 60_000, meter, logs, volume }, new AbortController().signal);
  }

  it("hears of an engine that broke off its wait without a word, long before the run's time is over", async function () {
    await using engine = await silentEngine();
    const log = Promise.withResolvers<void>();
    const run = runAt(engine.socketPath, log.promise).catch((error: unknown) => error);
    await engine.asked;

    engine.goAway();
    log.resolve();

    expect(await run).to.have.property("code", "GM_ENGINE_UNREACHABLE");
  });

  it("finds out by itself that the container has ended, when the wait was lost and the engine is back", async function () {
    await using engine = await silentEngine();
    const log = Promise.withResolvers<void>();
    const run = runAt(engine.socketPath, log.promise);
    await engine.asked;

    log.resolve();

    expect(await run).to.include({ exitCode: 0, wallMs: 2_000, cut: undefined });
  });
});
