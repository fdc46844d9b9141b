import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

type Question = { readonly id: number; readonly method: string; readonly params: readonly unknown[] };

/** What a pretended node does with a batch. */
export type Behaviour =
  "answers" | "hangs" | "breaks off" | "sends HTTP 500" | "sends HTTP 429" | "sends garbage" | "leaves one out";

/** A pretended node: knows its chain id and block number, and fails as told. */
export interface RpcServer extends AsyncDisposable {
  readonly url: string;
  behave(behaviour: Behaviour): void;
  /** Gives another chain id from now on. */
  serve(chainId: number): void;
  /** The methods of each batch that came in. */
  readonly batches: readonly (readonly string[])[];
}

export async function startRpcServer(firstChainId = 31_337): Promise<RpcServer> {
  const batches: string[][] = [];
  let chainId = firstChainId;
  let behaviour: Behaviour = "answers";

  function answerTo({ id, method }: Question): object {
    if (method === "eth_chainId") return { id, jsonrpc: "2.0", result: `0x${chainId.toString(16)}` };
    if (method === "eth_blockNumber") return { id, jsonrpc: "2.0", result: "0x7" };
    if (method === "test_refused") return { id, jsonrpc: "2.0", error: { code: -32_000, message: "no, because" } };
    return { id, jsonrpc: "2.0", result: method };
  }

  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const parsed = JSON.parse(body) as Question | readonly Question[];
      const questions = [parsed].flat() as readonly Question[];
      batches.push(questions.map(({ method }) => method));
      const answers = questions.map(answerTo);
      const send = (status: number, page: string): void => void response.writeHead(status).end(page);
      const acts: Record<Behaviour, () => void> = {
        answers: () => send(200, JSON.stringify(Array.isArray(parsed) ? answers : answers[0])),
        hangs: () => {},
        "breaks off": () => void response.destroy(),
        "sends HTTP 500": () => send(500, "<html>"),
        "sends HTTP 429": () => send(429, "<html>"),
        "sends garbage": () => send(200, "<html>"),
        "leaves one out": () => send(200, JSON.stringify(answers.slice(1))),
      };
      acts[behaviour]();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    batches,
    behave: (next) => {
      behaviour = next;
    },
    serve: (id) => {
      chainId = id;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
