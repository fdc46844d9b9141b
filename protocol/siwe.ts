import { z } from "zod";

import { AddressSchema, HexSchema } from "./primitives.ts";

/** Bodies of the wallet log-in (EIP-4361) that workers and requesters use at a pool's gateway. */

/** Answer of `POST /session/nonce`. */
export const NonceAnswerSchema = z.object({ nonce: z.string().min(8) });

/** Body of `POST /session`: the message as signed, and its signature. */
export const SessionRequestSchema = z.strictObject({ message: z.string().max(4_096), signature: HexSchema });

/**
 * Answer of `POST /session`. `expiresAt` in Unix seconds, by the pool's clock; `lastsSeconds` says the same without a clock, an
 * older pool does not. The token is sent back as `authorization: Bearer <token>`.
 */
export const SessionAnswerSchema = z.object({
  token: z.string().min(16),
  address: AddressSchema,
  expiresAt: z.int(),
  lastsSeconds: z.int().positive().optional(),
});
export type Session = z.output<typeof SessionAnswerSchema>;

/** The statement that a session message must carry, so that no other site's signature logs in here. */
export const SESSION_STATEMENT = "Log in to a Gridmill pool.";
