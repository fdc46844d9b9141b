/** What every {@link GridmillError} may be given beside its message. */
export type GridmillErrorOptions = ErrorOptions & {
  /** The offending values. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What a person can do about it, in one line. */
  readonly hint?: string;
};

/** What an error looks like on the wire and in `--json` output. */
export type ErrorData = {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
};

/** What every error of Gridmill carries, so that callers decide by fields and never by message text. */
export abstract class GridmillError extends Error {
  /** `GM_…`: stable and greppable. Part of the API: changing it is a breaking change. Listed in `docs/errors.md`. */
  abstract readonly code: `GM_${string}`;
  /** True when doing the same again later may succeed. */
  abstract readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
  readonly hint: string | undefined;

  constructor(message: string, { details = {}, hint, ...options }: GridmillErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.details = details;
    this.hint = hint;
  }

  /** The part of the error that may leave the process: no details, no stack. */
  toData(): ErrorData {
    return { code: this.code, message: this.message, hint: this.hint, retryable: this.retryable };
  }
}

/** Input from a person, a file or a peer does not have the shape it must have. */
export class BadInputError extends GridmillError {
  readonly code = "GM_BAD_INPUT";
  readonly retryable = false;
}

/** The environment of a service is incomplete or wrong; every problem is in `details.problems`. */
export class BadConfigError extends GridmillError {
  readonly code = "GM_BAD_CONFIG";
  readonly retryable = false;
}

/** A state machine was asked for a move that its table does not list. */
export class IllegalMoveError extends GridmillError {
  readonly code = "GM_ILLEGAL_MOVE";
  readonly retryable = false;
}

/** The params text is not what `protocol/params.ts` describes, or does not hash to what was signed. */
export class BadParamsError extends GridmillError {
  readonly code = "GM_BAD_PARAMS";
  readonly retryable = false;
}

/** Whoever was asked, a market, a pool or the chain, knows no order, asset, deal, task or blob of that name. */
export class NotFoundError extends GridmillError {
  readonly code = "GM_NOT_FOUND";
  readonly retryable = false;
}

/** One address, or one account that is logged in, asks a service more often than it answers in a minute. */
export class RateLimitedError extends GridmillError {
  readonly code = "GM_RATE_LIMITED";
  readonly retryable = true;
}

/** Something else listens on the port that a service was told to use. */
export class PortTakenError extends GridmillError {
  readonly code = "GM_PORT_TAKEN";
  readonly retryable = false;
}

/** A statement of who owns a worker is not that owner's, or is for another worker, chain or deployment. */
export class OwnerUnprovenError extends GridmillError {
  readonly code = "GM_OWNER_UNPROVEN";
  readonly retryable = false;
}

/** A service answered with an error of its own, which is passed on with its code. */
export class RemoteError extends GridmillError {
  readonly code: `GM_${string}`;
  readonly retryable: boolean;

  constructor(data: ErrorData, options: GridmillErrorOptions = {}) {
    super(data.message, { ...options, ...(data.hint === undefined ? {} : { hint: data.hint }) });
    this.code = data.code as `GM_${string}`;
    this.retryable = data.retryable;
  }
}

/** The code of any error, for logs and wires: its own, or `GM_UNEXPECTED` for what nobody foresaw. */
export function codeOf(error: unknown): `GM_${string}` {
  return error instanceof GridmillError ? error.code : "GM_UNEXPECTED";
}

/** The data of any error; a foreign one keeps its message and is not retryable. */
export function errorData(error: unknown): ErrorData {
  if (error instanceof GridmillError) return error.toData();
  const message = error instanceof Error ? error.message : String(error);
  return { code: "GM_UNEXPECTED", message, hint: undefined, retryable: false };
}
