import { concat, hexlify, keccak256, toUtf8Bytes } from "ethers";

import { MAX_CALLBACK_BYTES } from "./constants.ts";
import type { Hash, Hex } from "./primitives.ts";

/** One regular file of an output folder. `path` is relative, with `/` between its parts. */
export type OutputFile = { readonly path: string; readonly bytes: number; readonly sha256: string };

/**
 * Why a task failed in a way that every honest worker sees alike, so that it can be voted: its input is to blame.
 * A closed list; "exit" and "callback" are failures only where a contract waits for the answer; "time" and "memory" depend on the machine and enter a ballot only under the rule of docs/protocol.md, "Result digest".
 */
export const FAIL_REASONS = [
  "time",
  "memory",
  "disk",
  "output-name",
  "output-kind",
  "params",
  "log-size",
  "exit",
  "callback",
] as const;
export type FailReason = (typeof FAIL_REASONS)[number];

/** Those of the reasons that a faster or larger machine might not have met. */
export const MACHINE_DEPENDENT_REASONS: readonly FailReason[] = ["time", "memory"];

/**
 * The output folder as text: `<sha256>  <bytes>  <path>` a file, sorted by the bytes of the path, then `exit <code>`,
 * each line ended by a newline. Anybody can check it with `sha256sum`.
 */
export function manifestOf(files: readonly OutputFile[], exitCode: number): string {
  const lines = [...files]
    .sort((a, b) => compareBytes(toUtf8Bytes(a.path), toUtf8Bytes(b.path)))
    .map((file) => `${file.sha256}  ${file.bytes}  ${file.path}\n`);
  return `${lines.join("")}exit ${exitCode}\n`;
}

/** Reads a manifest back; undefined when it is not one, down to the last byte. */
export function parseManifest(text: string): { files: readonly OutputFile[]; exitCode: number } | undefined {
  const exit = /(?:^|\n)exit (\d{1,3})\n$/.exec(text);
  if (!exit) return undefined;
  const exitCode = Number(exit[1]);
  const lines = text.split("\n").slice(0, -2);
  const files = lines.map((line) => /^([0-9a-f]{64}) {2}(\d{1,16}) {2}([^\n]+)$/.exec(line));
  if (files.includes(null)) return undefined;
  const parsed = files.map((match) => ({ sha256: match![1]!, bytes: Number(match![2]), path: match![3]! }));
  return manifestOf(parsed, exitCode) === text ? { files: parsed, exitCode } : undefined;
}

/** `keccak256` of the manifest. */
export function digestOf(manifest: string): Hash {
  return keccak256(toUtf8Bytes(manifest)) as Hash;
}

/** Hashed once: every digest is compared with all of them. */
const FAIL_DIGESTS = Object.fromEntries(FAIL_REASONS.map((reason) => [reason, digestOf(failText(reason))])) as Readonly<
  Record<FailReason, Hash>
>;

/** The text whose hash stands for a votable failure. */
export function failText(reason: FailReason): string {
  return `fail ${reason}\n`;
}

export function failDigest(reason: FailReason): Hash {
  return FAIL_DIGESTS[reason];
}

/** The reason that a digest stands for, or undefined when it is a real result's. */
export function failReasonOf(digest: Hash): FailReason | undefined {
  return FAIL_REASONS.find((reason) => FAIL_DIGESTS[reason] === digest);
}

/** What a failure's digest is made of, as a settle carries it to the chain; undefined for a result's digest. */
export function failPreimageOf(digest: Hash): Hex | undefined {
  const reason = failReasonOf(digest);
  return reason === undefined ? undefined : (hexlify(toUtf8Bytes(failText(reason))) as Hex);
}

/** Whom a result is for: a person, who gets the output folder, or a contract, which gets the bytes of one file. */
export type ResultKind = "folder" | "callback";

/** Digest of a result that is handed to a contract: `keccak256("gridmill.callback" ‖ data)`. */
export function callbackDigest(data: Uint8Array): Hash {
  return keccak256(concat([toUtf8Bytes("gridmill.callback"), data])) as Hash;
}

/** Output file whose bytes are a callback's data. */
export const CALLBACK_FILE = "callback";

/** Why there is no answer for a contract, where there is none: the app ended with an error, or wrote none that fits. */
export function callbackFault(
  exitCode: number,
  bytes: number | undefined,
): (FailReason & ("exit" | "callback")) | undefined {
  if (exitCode !== 0) return "exit";
  return bytes !== undefined && bytes > 0 && bytes <= MAX_CALLBACK_BYTES ? undefined : "callback";
}

/**
 * Whether a manifest may stand over the result of a task with a callback: its digest covers the answer alone, so that
 * nothing else is delivered, and an app that ended with an error has no answer.
 */
export function isCallbackManifest({ files, exitCode }: { files: readonly OutputFile[]; exitCode: number }): boolean {
  const [file, ...others] = files;
  return others.length === 0 && file?.path === CALLBACK_FILE && callbackFault(exitCode, file.bytes) === undefined;
}

/** Longest path in an output folder, in bytes of UTF-8. */
const MAX_PATH_BYTES = 1_024;

/** Whether a name may stand in a manifest: valid UTF-8 without control characters, relative, no `.` or `..` parts. */
export function isOutputPath(path: string): boolean {
  const parts = path.split("/");
  return (
    path.isWellFormed() &&
    toUtf8Bytes(path).length <= MAX_PATH_BYTES &&
    !/[\p{Cc}\uFFFD]/u.test(path) &&
    parts.every((part) => part !== "" && part !== "." && part !== "..")
  );
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at === -1) return a.length - b.length;
  return at >= b.length ? 1 : a[at]! - b[at]!;
}
