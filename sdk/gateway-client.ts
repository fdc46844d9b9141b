import { getAddress } from "ethers";
import { SiweMessage } from "siwe";
import type { z } from "zod";

import { GridmillError, RemoteError } from "../protocol/errors.ts";
import { toJson } from "../protocol/json.ts";
import { ErrorAnswerSchema } from "../protocol/market-api.ts";
import {
  DrainSchema,
  PoolAppSchema,
  PoolAppsSchema,
  PoolDealSchema,
  PoolEpochsSchema,
  PoolInfoSchema,
  PoolQuarantineSchema,
  PoolTaskSchema,
  PoolTasksSchema,
  PoolWorkersSchema,
  QuarantinedSchema,
} from "../protocol/pool-api.ts";
import type {
  PoolApp,
  PoolApps,
  PoolDeal,
  PoolEpochs,
  PoolInfo,
  PoolQuarantine,
  PoolTask,
  PoolTasks,
  PoolTaskStatus,
  PoolWorkers,
  QuarantinedEvent,
} from "../protocol/pool-api.ts";
import { TaskWhySchema } from "../protocol/pool-why.ts";
import type { TaskWhy } from "../protocol/pool-why.ts";
import type { Hash } from "../protocol/primitives.ts";
import { NonceAnswerSchema, SESSION_STATEMENT, SessionAnswerSchema } from "../protocol/siwe.ts";

import { MAKE_KEY, NoSignerError, PoolUnreachableError } from "./errors.ts";
import type { GridSigner } from "./grid-context.ts";

/** A pool's gateway, as requesters meet it. Calls throw RemoteError with the pool's code, or PoolUnreachableError. */
export interface GatewayClient {
  pool(): Promise<PoolInfo>;
  workers(): Promise<PoolWorkers>;
  tasks(which: TaskFilter): Promise<PoolTasks>;
  epochs(): Promise<PoolEpochs>;
  /** Logs in first: the pool's operator and its owner alone may. */
  drain(draining: boolean): Promise<{ readonly draining: boolean }>;
  /** Each logs in first, like `drain`. */
  quarantine(): Promise<PoolQuarantine>;
  retryEvent(id: string): Promise<QuarantinedEvent>;
  dropEvent(id: string): Promise<QuarantinedEvent>;
  apps(): Promise<PoolApps>;
  allowApp(digest: string): Promise<PoolApp>;
  forgetApp(digest: string): Promise<PoolApp>;
  task(taskId: Hash): Promise<PoolTask>;
  /** Why a task is where it is. */
  why(taskId: Hash): Promise<TaskWhy>;
  deal(dealId: Hash): Promise<PoolDeal>;
  /** Uploads an input unless the pool has it. Logs in first. */
  upload(sha256: string, body: Blob, signal?: AbortSignal): Promise<void>;
  /** The result blob of a settled task, a tar. Logs in first: requester and beneficiary alone get it. */
  result(taskId: Hash, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** Which tasks: those that are not over by deadline, or some of one status; at most `limit`. */
export type TaskFilter = { readonly status?: PoolTaskStatus; readonly limit?: number };

type GatewayOptions = {
  /** Base URL, as the pool registry has it. */
  readonly url: string;
  readonly chainId: number;
  /** Logs in; without one only what is public can be read. */
  readonly signer: GridSigner | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Milliseconds after which a small question is given up; transfers have none. Default 15,000. */
  readonly timeoutMs?: number;
};

/** A session is renewed when it has less than this left. */
const SESSION_RESERVE_SECONDS = 30;

export function createGatewayClient(options: GatewayOptions): GatewayClient {
  const call = createCaller(options);
  const authorized = createAuthorized(options, call);
  const get = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> =>
    parse(schema, await call("GET", path), options.url);
  const ordered = async <S extends z.ZodType>(method: string, path: string, schema: S): Promise<z.output<S>> =>
    parse(schema, await authorized(method, path), options.url);
  return {
    pool: () => get("/pool", PoolInfoSchema),
    workers: () => get("/pool/workers", PoolWorkersSchema),
    tasks: ({ status, limit = 50 }) =>
      get(`/pool/tasks?limit=${limit}${status === undefined ? "" : `&status=${status}`}`, PoolTasksSchema),
    epochs: () => get("/pool/epochs", PoolEpochsSchema),
    async drain(draining) {
      const headers = { "content-type": "application/json" };
      const response = await authorized("PUT", "/pool/drain", { headers, body: toJson({ draining }) });
      return await parse(DrainSchema, response, options.url);
    },
    quarantine: () => ordered("GET", "/pool/quarantine", PoolQuarantineSchema),
    retryEvent: (id) => ordered("POST", `/pool/quarantine/${encodeURIComponent(id)}/retry`, QuarantinedSchema),
    dropEvent: (id) => ordered("DELETE", `/pool/quarantine/${encodeURIComponent(id)}`, QuarantinedSchema),
    apps: () => ordered("GET", "/pool/apps", PoolAppsSchema),
    allowApp: (digest) => ordered("POST", `/pool/apps/${digest}/allow`, PoolAppSchema),
    forgetApp: (digest) => ordered("DELETE", `/pool/apps/${digest}`, PoolAppSchema),
    task: (taskId) => get(`/tasks/${taskId}`, PoolTaskSchema),
    why: (taskId) => get(`/tasks/${taskId}/why`, TaskWhySchema),
    deal: (dealId) => get(`/deals/${dealId}`, PoolDealSchema),
    async upload(sha256, body, signal) {
      const headers = { "content-type": "application/octet-stream" };
      if (await has(authorized, `/blobs/${sha256}`, headers)) return;
      await authorized("PUT", `/blobs/${sha256}`, { headers, body, signal: signal ?? null });
    },
    async result(taskId, signal) {
      const response = await authorized("GET", `/tasks/${taskId}/result`, { signal: signal ?? null });
      return response.body ?? new ReadableStream();
    },
  };
}

type Call = (method: string, path: string, init?: RequestInit) => Promise<Response>;

function createCaller({ url, fetch: send = fetch, timeoutMs = 15_000 }: GatewayOptions): Call {
  return async (method, path, init = {}) => {
    const signal = init.signal === undefined ? AbortSignal.timeout(timeoutMs) : init.signal;
    const response = await send(new URL(path, url), { ...init, method, signal }).catch((cause: unknown) => {
      init.signal?.throwIfAborted();
      throw unreachable(url, "did not answer", cause);
    });
    if (!response.ok) throw await remoteError(response, url);
    return response;
  };
}

async function has(call: Call, path: string, headers: HeadersInit): Promise<boolean> {
  try {
    await call("HEAD", path, { headers });
    return true;
  } catch (error) {
    if (error instanceof RemoteError && error.details["status"] === 404) return false;
    throw error;
  }
}

/** `until` by performance.now(): the pool's clock may be another than ours. */
type HeldSession = { readonly token: string; readonly until: number };

/** Calls as who signs: logs in when a session is first needed, when it is about to end, and once more when the pool has forgotten it. */
function createAuthorized(options: GatewayOptions, call: Call): Call {
  let held: Promise<HeldSession> | undefined;
  /** Logs in, unless another call has done so since. */
  const renew = (known: typeof held): Promise<HeldSession> => {
    if (held === known) held = logIn(options, call);
    return held!;
  };
  return async (method, path, init = {}) => {
    const send = ({ token }: HeldSession): Promise<Response> => {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${token}`);
      return call(method, path, { ...init, headers });
    };
    const known = held;
    const current = await known?.catch(() => undefined);
    const isOver = !current || performance.now() > current.until;
    const used = isOver ? renew(known) : known!;
    const session = await used;
    return send(session).catch(async (error: unknown) => {
      if (!(error instanceof GridmillError) || error.details["status"] !== 401) throw error;
      return send(await renew(used));
    });
  };
}

async function logIn({ url, chainId, signer }: GatewayOptions, call: Call): Promise<HeldSession> {
  if (!signer) {
    throw new NoSignerError(`The pool at ${url} wants a log-in, and no key was given`, { hint: MAKE_KEY });
  }
  const { nonce } = await parse(NonceAnswerSchema, await call("POST", "/session/nonce"), url);
  const message = new SiweMessage({
    ...{ domain: new URL(url).host, uri: url, version: "1", chainId, nonce },
    address: getAddress(signer.address),
    statement: SESSION_STATEMENT,
    issuedAt: new Date().toISOString(),
  }).prepareMessage();
  const body = toJson({ message, signature: await signer.signMessage(message) });
  const asked = performance.now();
  const response = await call("POST", "/session", { body, headers: { "content-type": "application/json" } });
  const { token, lastsSeconds = Infinity } = await parse(SessionAnswerSchema, response, url);
  return { token, until: asked + (lastsSeconds - SESSION_RESERVE_SECONDS) * 1_000 };
}

async function remoteError(response: Response, url: string): Promise<Error> {
  const details = { status: response.status };
  if (response.status === 404 && response.body === null) {
    return new RemoteError(
      { code: "GM_NOT_FOUND", message: `${url} has no such thing`, hint: undefined, retryable: false },
      { details },
    );
  }
  const answer = ErrorAnswerSchema.safeParse(await response.json().catch(() => undefined));
  if (!answer.success) return unreachable(url, `answered ${response.status}`, answer.error, details);
  const { error } = answer.data;
  return new RemoteError({ ...error, hint: error.hint }, { details });
}

async function parse<S extends z.ZodType>(schema: S, response: Response, url: string): Promise<z.output<S>> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw unreachable(url, "answered with something unexpected", parsed.error);
}

function unreachable(url: string, what: string, cause: unknown, details = {}): PoolUnreachableError {
  return new PoolUnreachableError(`The pool at ${url} ${what}`, {
    cause,
    details,
    hint: "Try again, or look with gridmill pool status; what a pool leaves undone is refunded after its deadline",
  });
}
