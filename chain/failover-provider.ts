import { isHexString, JsonRpcApiProvider, Network } from "ethers";
import type { JsonRpcPayload, PerformActionRequest } from "ethers";

import { ChainUnreachableError, WrongChainError } from "./errors.ts";
import { createHeadWatch } from "./head-watch.ts";
import type { HeadWatch } from "./head-watch.ts";
import { pause } from "./pause.ts";
import { RestError } from "./rpc-endpoint.ts";
import type { Answer, Endpoint } from "./rpc-endpoint.ts";
import { withinTime } from "./time-limit.ts";

type FailoverOptions = {
  readonly chainId: number;
  readonly endpoints: readonly Endpoint[];
  readonly timeoutMs: number;
  readonly rounds: number;
  readonly backoffMs: number;
  readonly maxLag: number;
  readonly compareMs: number;
  readonly onFailure: (endpoint: string, error: unknown) => void;
};

/** What most public nodes take in one batch. */
const MAX_BATCH = 50;
/** A node that was caught at a lie is asked nothing for this long, where there are others. */
const DISTRUST_MS = 60_000;

/** An ethers provider over several endpoints; see `connectChain`. */
export class FailoverProvider extends JsonRpcApiProvider {
  readonly #options: FailoverOptions;
  readonly #closed = new AbortController();
  readonly #heads: HeadWatch;
  /** Until when an endpoint wants to be left alone, and until when one is asked only if there is no other; by performance.now(). */
  readonly #restsUntil = new Map<Endpoint, number>();
  readonly #distrustedUntil = new Map<Endpoint, number>();
  /** Which endpoint answered last. */
  #current = 0;

  constructor(options: FailoverOptions) {
    const network = Network.from(options.chainId);
    // No cache: an answer of a moment ago, taken for one of now, has cost others money.
    // What is asked in one turn of the event loop travels together; to wait for more would delay every answer by ten milliseconds.
    super(network, { staticNetwork: network, batchMaxCount: MAX_BATCH, batchStallTime: 0, cacheTimeout: -1 });
    this.#options = options;
    this.#heads = createHeadWatch({ ...options, signal: this.#closed.signal });
    this._start();
  }

  /** Asks every endpoint for its head, so that one which lags behind is left out from the first question on. */
  async compareHeads(): Promise<void> {
    await this.#heads.compare();
  }

  /** The endpoint that answers now was caught at a lie: the next one is asked, and this one not for a while. */
  distrust(why: Error): void {
    const endpoint = this.#options.endpoints[this.#current]!;
    this.#options.onFailure(endpoint.name, why);
    this.#distrustedUntil.set(endpoint, performance.now() + DISTRUST_MS);
  }

  /** A call at a block that is named by its hash says so as EIP-1898 has it, so that a node fails it whose chain has left that block. */
  override getRpcRequest(request: PerformActionRequest): { method: string; args: unknown[] } | null {
    const rpc = super.getRpcRequest(request);
    if (request.method !== "call" || !rpc || !isHexString(request.blockTag, 32)) return rpc;
    return { ...rpc, args: [rpc.args[0], { blockHash: request.blockTag, requireCanonical: true }] };
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<Answer[]> {
    const batch = Array.isArray(payload) ? payload : [payload];
    const { rounds, backoffMs } = this.#options;
    const failures: unknown[] = [];
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await pause(backoffMs * 2 ** (round - 1), this.#closed.signal);
      await this.#restWithAll();
      const answers = await this.#askAround(batch, failures);
      if (answers) return answers;
      if (failures.every((failure) => failure instanceof WrongChainError)) break;
    }
    throw this.#unreachable(batch, failures);
  }

  override destroy(): void {
    this.#closed.abort();
    super.destroy();
  }

  /** One attempt for each endpoint. */
  async #askAround(batch: JsonRpcPayload[], failures: unknown[]): Promise<Answer[] | undefined> {
    for (let turn = 0; turn < this.#options.endpoints.length && !this.#closed.signal.aborted; turn++) {
      const chosen = this.#choose();
      const answers = chosen === undefined ? undefined : await this.#attempt(chosen, batch, failures);
      if (answers) return [...answers];
    }
    return undefined;
  }

  async #attempt(chosen: number, batch: JsonRpcPayload[], failures: unknown[]): Promise<readonly Answer[] | undefined> {
    const { endpoints, timeoutMs, onFailure } = this.#options;
    const endpoint = endpoints[chosen]!;
    this.#current = chosen;
    try {
      return await withinTime(timeoutMs, this.#closed.signal, (signal) => endpoint.send(batch, signal));
    } catch (error) {
      failures.push(error);
      onFailure(endpoint.name, error);
      if (error instanceof RestError) this.#restsUntil.set(endpoint, performance.now() + error.restMs);
      // Unless a call that failed at the same time has moved on already.
      if (this.#current === chosen) this.#current = (chosen + 1) % endpoints.length;
      return undefined;
    }
  }

  /** The endpoint that answered last or the next one, of those that are asked first; undefined while all rest. */
  #choose(): number | undefined {
    const { endpoints } = this.#options;
    const order = endpoints.map((_unused, turn) => (this.#current + turn) % endpoints.length);
    const awake = order.filter((index) => isOver(this.#restsUntil.get(endpoints[index]!)));
    const trusted = awake.filter((index) => isOver(this.#distrustedUntil.get(endpoints[index]!)));
    return trusted.find((index) => !this.#heads.leavesOut(endpoints[index]!)) ?? trusted[0] ?? awake[0];
  }

  /** Waits while all endpoints want to be left alone, but no longer than an attempt may take. */
  async #restWithAll(): Promise<void> {
    const { endpoints, timeoutMs } = this.#options;
    const restMs = Math.min(...endpoints.map((endpoint) => (this.#restsUntil.get(endpoint) ?? 0) - performance.now()));
    if (restMs > 0) await pause(Math.min(restMs + 1, timeoutMs), this.#closed.signal);
  }

  #unreachable(batch: readonly JsonRpcPayload[], failures: readonly unknown[]): Error {
    const [first] = failures;
    if (first instanceof WrongChainError && failures.every((failure) => failure instanceof WrongChainError))
      return first;
    const urls = this.#options.endpoints.map(({ name }) => name);
    return new ChainUnreachableError(`No answer from the chain at ${urls.join(", ")}`, {
      cause: failures.at(-1),
      details: { urls, methods: [...new Set(batch.map(({ method }) => method))], attempts: failures.length },
      hint: "Check that a node runs there and can be reached",
    });
  }
}

function isOver(until = -Infinity): boolean {
  return until <= performance.now();
}
