import type { z } from "zod";

import { NonceAnswerSchema, SESSION_STATEMENT, SessionAnswerSchema } from "../../protocol/siwe.ts";
import type { Session } from "../../protocol/siwe.ts";
import { exchange, textOf } from "../blobs/http-exchange.ts";
import { PoolUnreachableError } from "../errors.ts";

/** Who logs in, where. */
type LogIn = {
  /** The pool's gateway, with a slash at its end. */
  readonly base: URL;
  readonly chainId: number;
  /** In the mixed case of EIP-55, as EIP-4361 wants it. */
  readonly address: string;
  readonly signText: (text: string) => Promise<string>;
};

/** A session with a pool, renewed when it is about to end. */
export interface Sessions {
  /** @throws PoolUnreachableError */
  token(signal: AbortSignal): Promise<string>;
  /** The pool did not take the token: the next one is new. */
  forget(): void;
}

/** A token is not used any more this many seconds before its end. */
const MARGIN_SECONDS = 60;
const TIMEOUT_MS = 10_000;
/** How long a signed log-in message may be used. */
const MESSAGE_VALID_MS = 5 * 60_000;

/** What a pool says, and how far its clock is ahead of this machine's, in milliseconds: it is the pool that checks times. */
type Told<T> = { readonly said: T; readonly aheadMs: number };

export function createSessions(who: LogIn): Sessions {
  let current: Promise<Told<Session>> | undefined;
  return {
    forget: () => void (current = undefined),
    token: async (signal) => {
      const known = await current?.catch(() => undefined);
      if (known && known.said.expiresAt - MARGIN_SECONDS > (Date.now() + known.aheadMs) / 1_000)
        return known.said.token;
      // Those who ask meanwhile wait for the same log-in.
      current = logIn(who, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]));
      return (await current).said.token;
    },
  };
}

async function logIn(who: LogIn, signal: AbortSignal): Promise<Told<Session>> {
  const { said, aheadMs } = await post(who.base, "session/nonce", {}, NonceAnswerSchema, signal);
  const message = sessionText(who, said.nonce, Date.now() + aheadMs);
  const signature = await who.signText(message);
  return post(who.base, "session", { message, signature }, SessionAnswerSchema, signal);
}

/**
 * What the wallet signs (EIP-4361). Names the gateway's host, so that one pool cannot log in at another with it. Written
 * here, and read by the siwe package in the pool and in a test: that package would bring a second copy of ethers along.
 */
export function sessionText({ base, chainId, address }: LogIn, nonce: string, now: number): string {
  return [
    `${base.host} wants you to sign in with your Ethereum account:`,
    address,
    "",
    SESSION_STATEMENT,
    "",
    `URI: ${base.href}`,
    "Version: 1",
    `Chain ID: ${chainId}`,
    `Nonce: ${nonce}`,
    `Issued At: ${new Date(now).toISOString()}`,
    `Expiration Time: ${new Date(now + MESSAGE_VALID_MS).toISOString()}`,
  ].join("\n");
}

async function post<T>(
  base: URL,
  path: string,
  body: unknown,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<Told<T>> {
  const url = new URL(path, base);
  const headers = { "content-type": "application/json" };
  const answer = await exchange({ method: "POST", url, headers, body: JSON.stringify(body), signal });
  const text = await textOf(answer);
  const parsed = answer.statusCode === 200 || answer.statusCode === 201 ? schema.safeParse(parseJson(text)) : undefined;
  if (parsed?.success) return { said: parsed.data, aheadMs: aheadOf(answer.headers.date) };
  throw new PoolUnreachableError(`The pool at ${base.host} did not answer the log-in: ${answer.statusCode}`, {
    details: { path, status: answer.statusCode, answer: text.slice(0, 500) },
  });
}

/** By the header `Date`, to the second; a pool that says nothing of its time is taken to be right. */
function aheadOf(date: string | undefined): number {
  const theirs = Date.parse(date ?? "");
  return Number.isNaN(theirs) ? 0 : theirs - Date.now();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
