import { BadInputError } from "../../protocol/errors.ts";
import type { Page } from "../../protocol/market-api.ts";

/** The cursor of a page is the sort key of its last row, and so stays right while rows come and go. */
export function parseCursor(cursor: string | undefined, parts: number): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, "base64url").toString("utf8").split(",");
  if (key.length === parts && key.every((part) => /^(\d{1,78}|0x[0-9a-f]{64})$/.test(part))) return key;
  throw new BadInputError("The cursor is not one that this market gave", {
    hint: "Pass `next` of the page before, unchanged, with the same filters",
  });
}

/** Makes a page of rows of which one more than `limit` was asked for. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  show: (row: R) => T,
  key: (row: R) => readonly (string | number)[],
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const next = last === undefined ? null : Buffer.from(key(last).join(","), "utf8").toString("base64url");
  return { items: shown.map(show), next };
}
