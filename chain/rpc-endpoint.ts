import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from "ethers";
import { z } from "zod";

import { WrongChainError } from "./errors.ts";

export type Answer = JsonRpcResult | JsonRpcError;

/** One URL of a chain. */
export interface Endpoint {
  readonly url: string;
  /**
   * Sends one batch. Before the first, and again after each failure, it asks which chain is served there: a node that
   * was away may come back as another.
   * @throws WrongChainError, or whatever the connection fails with
   */
  send(batch: readonly JsonRpcPayload[], signal: AbortSignal): Promise<readonly Answer[]>;
}

const RpcErrorSchema = z.looseObject({ code: z.number(), message: z.string() });
/** Every answer of a node is parsed: a proxy's error page must not pass for one. */
const AnswerSchema = z.union([
  z.looseObject({ id: z.number(), error: RpcErrorSchema }),
  z.looseObject({ id: z.number(), result: z.unknown() }).refine((answer) => "result" in answer, "has no result"),
]);
const AnswersSchema = z.union([z.array(AnswerSchema), AnswerSchema.transform((answer) => [answer])]);

const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;

export function createEndpoint(url: string, chainId: number): Endpoint {
  let verified = false;

  async function verify(signal: AbortSignal): Promise<void> {
    const [answer] = await post(url, [{ id: 0, jsonrpc: "2.0", method: "eth_chainId", params: [] }], signal);
    const served = answer && "result" in answer ? Number(answer.result) : undefined;
    if (served === chainId) return;
    if (served === undefined) throw new Error(`${url} does not say which chain it serves`);
    throw new WrongChainError(`${url} serves chain ${served}, not ${chainId}`, {
      details: { url, served, chainId },
      hint: "Correct the RPC URL, or the chain id of the network",
    });
  }

  async function send(batch: readonly JsonRpcPayload[], signal: AbortSignal): Promise<readonly Answer[]> {
    try {
      if (!verified) await verify(signal);
      verified = true;
      return await post(url, batch, signal);
    } catch (error) {
      verified = false;
      throw error;
    }
  }

  return { url, send };
}

async function post(url: string, batch: readonly JsonRpcPayload[], signal: AbortSignal): Promise<readonly Answer[]> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(batch.length === 1 ? batch[0] : batch),
    signal,
  });
  if (response.status === TOO_MANY_REQUESTS || response.status >= SERVER_ERROR) {
    await response.body?.cancel();
    throw new Error(`${url} answered with HTTP status ${response.status}`);
  }
  return complete(batch, AnswersSchema.parse(await response.json()));
}

/** The answers in the order of the questions, none missing, none of them "ask less often". */
function complete(batch: readonly JsonRpcPayload[], answers: readonly Answer[]): readonly Answer[] {
  return batch.map(({ id, method }) => {
    const answer = answers.find((candidate) => candidate.id === id);
    if (!answer) throw new Error(`the node left out the answer to ${method}`);
    if ("error" in answer && isRateLimit(answer.error)) throw new Error(`the node limits us: ${answer.error.message}`);
    return answer;
  });
}

/** Nodes agree on no code for it, so the text has to do. */
function isRateLimit({ code, message = "" }: JsonRpcError["error"]): boolean {
  return code === TOO_MANY_REQUESTS || /rate.?limit|too many requests|requests? per (second|minute)/i.test(message);
}
