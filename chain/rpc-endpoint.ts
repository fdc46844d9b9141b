import type { JsonRpcError, JsonRpcPayload, JsonRpcResult } from "ethers";
import { z } from "zod";

import { WrongChainError } from "./errors.ts";
import type { Post, PostAnswer } from "./post.ts";
import { answerShapeOf } from "./rpc-schemas.ts";

export type Answer = JsonRpcResult | JsonRpcError;

/** One URL of a chain. */
export interface Endpoint {
  /** Without its path and query, where providers put their keys: for logs and errors. */
  readonly name: string;
  /**
   * Sends one batch. Before the first, and again after each failure, it asks which chain is served there: a node that
   * was away may come back as another.
   * @throws WrongChainError, RestError when the node asks for a rest, or whatever the connection fails with
   */
  send(batch: readonly JsonRpcPayload[], signal: AbortSignal): Promise<readonly Answer[]>;
}

/** A node asks to be left alone for a while; it never leaves this room. */
export class RestError extends Error {
  /** How long, in milliseconds. */
  readonly restMs: number;

  constructor(message: string, restMs: number) {
    super(message);
    this.restMs = restMs;
  }
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
/** Whatever a node says, it is asked again after this long: it is seldom as sure as it sounds. */
const LONGEST_REST_MS = 60_000;

export function createEndpoint(address: string, chainId: number, post: Post): Endpoint {
  const url = new URL(address);
  const name = url.origin;
  let verified = false;

  async function ask(batch: readonly JsonRpcPayload[], signal: AbortSignal): Promise<readonly Answer[]> {
    const answer = await post(url, JSON.stringify(batch.length === 1 ? batch[0] : batch), signal);
    if (answer.status === TOO_MANY_REQUESTS || answer.status >= SERVER_ERROR) {
      throw new RestError(`${name} answered with HTTP status ${answer.status}`, restOf(answer));
    }
    return complete(batch, AnswersSchema.parse(JSON.parse(answer.text)));
  }

  async function verify(signal: AbortSignal): Promise<void> {
    const [answer] = await ask([{ id: 0, jsonrpc: "2.0", method: "eth_chainId", params: [] }], signal);
    const served = answer && "result" in answer ? Number(answer.result) : undefined;
    if (served === chainId) return;
    if (served === undefined) throw new Error(`${name} does not say which chain it serves`);
    throw new WrongChainError(`${name} serves chain ${served}, not ${chainId}`, {
      details: { url: name, served, chainId },
      hint: "Correct the RPC URL, or the chain id of the network",
    });
  }

  async function send(batch: readonly JsonRpcPayload[], signal: AbortSignal): Promise<readonly Answer[]> {
    try {
      if (!verified) await verify(signal);
      verified = true;
      return await ask(batch, signal);
    } catch (error) {
      verified = false;
      throw error;
    }
  }

  return { name, send };
}

/** What `Retry-After` says, in seconds or as a date; 0 without one. */
function restOf({ retryAfter }: PostAnswer): number {
  if (retryAfter === null) return 0;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return Math.max(0, Math.min(LONGEST_REST_MS, Number.isNaN(ms) ? 0 : ms));
}

/** The answers in the order of the questions: none missing, none "ask less often", none of a shape that no node gives. */
function complete(batch: readonly JsonRpcPayload[], answers: readonly Answer[]): readonly Answer[] {
  return batch.map(({ id, method }) => {
    const answer = answers.find((candidate) => candidate.id === id);
    if (!answer) throw new Error(`the node left out the answer to ${method}`);
    if ("error" in answer) {
      if (isRateLimit(answer.error)) throw new Error(`the node limits us: ${answer.error.message}`);
    } else if (answerShapeOf(method)?.safeParse(answer.result).success === false) {
      throw new Error(`the node answered ${method} with something that no node answers`);
    }
    return answer;
  });
}

/** Nodes agree on no code for it, so the text has to do. */
function isRateLimit({ code, message = "" }: JsonRpcError["error"]): boolean {
  return code === TOO_MANY_REQUESTS || /rate.?limit|too many requests|requests? per (second|minute)/i.test(message);
}
