import { JsonRpcApiProvider, Network } from "ethers";
import type { JsonRpcPayload } from "ethers";

import { ChainUnreachableError, WrongChainError } from "./errors.ts";
import { pause } from "./pause.ts";
import type { Answer, Endpoint } from "./rpc-endpoint.ts";

type FailoverOptions = {
  readonly chainId: number;
  readonly endpoints: readonly Endpoint[];
  readonly timeoutMs: number;
  readonly rounds: number;
  readonly backoffMs: number;
  readonly onFailure: (url: string, error: unknown) => void;
};

/** What most public nodes take in one batch. */
const MAX_BATCH = 50;

/** An ethers provider over several endpoints; see `connectChain`. */
export class FailoverProvider extends JsonRpcApiProvider {
  readonly #options: FailoverOptions;
  readonly #closed = new AbortController();
  /** Which endpoint answered last. */
  #current = 0;

  constructor(options: FailoverOptions) {
    const network = Network.from(options.chainId);
    // No cache: an answer of a moment ago, taken for one of now, has cost others money.
    super(network, { staticNetwork: network, batchMaxCount: MAX_BATCH, cacheTimeout: -1 });
    this.#options = options;
    this._start();
  }

  override async _send(payload: JsonRpcPayload | JsonRpcPayload[]): Promise<Answer[]> {
    const batch = Array.isArray(payload) ? payload : [payload];
    const { rounds, backoffMs, endpoints } = this.#options;
    const failures: unknown[] = [];
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await pause(backoffMs * 2 ** (round - 1), this.#closed.signal);
      for (let turn = 0; turn < endpoints.length && !this.#closed.signal.aborted; turn++) {
        const answers = await this.#attempt(batch, failures);
        if (answers) return [...answers];
      }
    }
    throw this.#unreachable(batch, failures);
  }

  override destroy(): void {
    this.#closed.abort();
    super.destroy();
  }

  async #attempt(batch: JsonRpcPayload[], failures: unknown[]): Promise<readonly Answer[] | undefined> {
    const { endpoints, timeoutMs, onFailure } = this.#options;
    const chosen = this.#current;
    const endpoint = endpoints[chosen]!;
    try {
      return await endpoint.send(batch, AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeoutMs)]));
    } catch (error) {
      failures.push(error);
      onFailure(endpoint.url, error);
      // Unless a call that failed at the same time has moved on already.
      if (this.#current === chosen) this.#current = (chosen + 1) % endpoints.length;
      return undefined;
    }
  }

  #unreachable(batch: readonly JsonRpcPayload[], failures: readonly unknown[]): Error {
    const wrong = failures.find((failure) => failure instanceof WrongChainError);
    if (wrong) return wrong;
    const urls = this.#options.endpoints.map((endpoint) => endpoint.url);
    return new ChainUnreachableError(`No answer from the chain at ${urls.join(", ")}`, {
      cause: failures.at(-1),
      details: { urls, methods: [...new Set(batch.map(({ method }) => method))], attempts: failures.length },
      hint: "Check that a node runs there and can be reached",
    });
  }
}
