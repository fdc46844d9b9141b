import { randomBytes } from "node:crypto";

import { generateNonce, SiweMessage } from "siwe";

import { rememberingFor } from "../../chain/remembering-for.ts";
import { AddressSchema } from "../../protocol/primitives.ts";
import type { Address } from "../../protocol/primitives.ts";
import { SESSION_STATEMENT } from "../../protocol/siwe.ts";
import type { Session } from "../../protocol/siwe.ts";
import { NotLoggedInError } from "../errors.ts";
import type { PoolClock } from "../ports.ts";
import type { SessionStore } from "../store/workers/session-store.ts";

/** A nonce may be used once, within this time; a session ends after that one. Seconds. */
const NONCE_SECONDS = 300;
const SESSION_SECONDS = 3_600;
/** A token is looked up again after this long, in milliseconds: a worker uploads many outputs in one moment. */
const TOKEN_MS = 5_000;

/** Wallet log-ins (EIP-4361): single-use nonces and short-lived tokens in Redis, valid at every process of the pool. */
export type Sessions = {
  nonce(): Promise<string>;
  /** @throws NotLoggedInError that says what is wrong with the message */
  open(message: string, signature: string, host: string): Promise<Session>;
  /** @throws NotLoggedInError */
  addressOf(authorization: string | undefined): Promise<Address>;
};

/**
 * @param publicHost host (and port) that log-in messages must name. Without it the name in the request is believed, so that
 * another pool could pass on a message that was signed for itself: to be given wherever strangers log in
 */
export function createSessions(
  { store, clock }: { readonly store: SessionStore; readonly clock: PoolClock },
  chainId: number,
  publicHost?: string,
): Sessions {
  const ownerOf = rememberingFor(TOKEN_MS, store.addressOf, (address) => address !== undefined);

  async function nonce(): Promise<string> {
    const fresh = generateNonce();
    await store.addNonce(fresh, NONCE_SECONDS);
    return fresh;
  }

  async function open(message: string, signature: string, host: string): Promise<Session> {
    const siwe = parse(message);
    if (siwe.chainId !== chainId || siwe.statement !== SESSION_STATEMENT) throw refused("is not meant for this pool");
    if (!(await store.takeNonce(siwe.nonce))) throw refused("has a nonce that is unknown, used or too old");
    const { success, error } = await siwe.verify(
      { signature, domain: publicHost ?? host, nonce: siwe.nonce, time: new Date(clock.now()).toISOString() },
      { suppressExceptions: true },
    );
    if (!success) throw refused(`is not valid: ${error?.type ?? "its signature does not verify"}`);
    return remember(AddressSchema.parse(siwe.address));
  }

  async function remember(address: Address): Promise<Session> {
    const token = randomBytes(32).toString("base64url");
    await store.addToken(token, address, SESSION_SECONDS);
    const expiresAt = Math.floor(clock.now() / 1_000) + SESSION_SECONDS;
    return { token, address, expiresAt, lastsSeconds: SESSION_SECONDS };
  }

  async function addressOf(authorization: string | undefined): Promise<Address> {
    const token = /^Bearer ([\w-]{16,128})$/.exec(authorization ?? "")?.[1];
    const address = token && (await ownerOf(token));
    if (!address) throw new NotLoggedInError("Nobody is logged in, or the session has ended", { hint: "Log in again" });
    return address;
  }

  return { nonce, open, addressOf };
}

function parse(message: string): SiweMessage {
  try {
    return new SiweMessage(message);
  } catch (cause) {
    throw new NotLoggedInError("The log-in message is not one of EIP-4361", { cause });
  }
}

function refused(why: string): NotLoggedInError {
  return new NotLoggedInError(`The log-in message ${why}`, { hint: "Ask for a new nonce and sign again" });
}
