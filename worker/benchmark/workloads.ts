import { deflateRawSync, inflateRawSync } from "node:zlib";

/** One kind of work, in units of one or two milliseconds that are the same on every machine. */
export type Workload = {
  /** Does one unit. Turns differ where something could be kept from one for the next, if only in a cache. */
  readonly unit: (turn: number) => number;
  /** What turn 0 gives on every machine that computes right; undefined where that depends on the version of a library. */
  readonly expected?: number;
};

export const PARTS = ["integer", "float", "memory", "compress"] as const;
export type Part = (typeof PARTS)[number];

/**
 * What tasks are made of, each on one core: integers with branches that cannot be foreseen, double precision in cache,
 * reads that miss the caches, and a C library's loops. Only operations that every processor rounds alike.
 */
export function createWorkloads(): Readonly<Record<Part, Workload>> {
  return { integer: integers(), float: floats(), memory: reads(), compress: compression() };
}

/** Multiplies like a hash function's; any odd constant does. */
const MIX = 0x9e3779b1;

function integers(): Workload {
  const table = Uint8Array.from({ length: 4_096 }, (_unused, index) => Math.imul(index, MIX) >>> 24);
  const unit = (turn: number): number => {
    let state = MIX ^ turn;
    let sum = 0;
    for (let step = 0; step < 200_000; step++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const value = table[state & 4_095]!;
      if (value & 1) sum = (sum + Math.imul(state, value)) | 0;
      else sum ^= state >>> (value & 15);
    }
    return sum;
  };
  return { unit, expected: -1_646_746_040 };
}

const SIDE = 96;

function floats(): Workload {
  const size = SIDE * SIDE;
  const left = Float64Array.from({ length: size }, (_unused, index) => (index % 17) / 16 + 0.5);
  const right = Float64Array.from({ length: size }, (_unused, index) => (index % 13) / 12 + 0.25);
  const unit = (): number => {
    let sum = 0;
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        let dot = 0;
        for (let at = 0; at < SIDE; at++) dot += left[row * SIDE + at]! * right[at * SIDE + column]!;
        sum += Math.sqrt(dot) / (1 + dot);
      }
    }
    return sum;
  };
  return { unit, expected: 1_071.411_304_246_392_5 };
}

/** Entries of four bytes: 32 MiB, more than a core has of any cache for itself. */
const CELLS = 1 << 23;
const READS = 6_000;

function reads(): Workload {
  const cells = new Int32Array(CELLS);
  for (let index = 0; index < CELLS; index++) cells[index] = Math.imul(index ^ 0x5bd1e995, MIX);
  const unit = (turn: number): number => {
    let at = turn & (CELLS - 1);
    let sum = 0;
    for (let step = 0; step < READS; step++) {
      // Where to read next is known only from what was read.
      at = (cells[at]! + Math.imul(step, MIX)) & (CELLS - 1);
      sum = (sum + at) | 0;
    }
    return sum;
  };
  return { unit, expected: -673_699_944 };
}

const TEXT_BYTES = 32 * 1024;
const WORDS = "the market settles every task that two honest workers have computed and agreed upon".split(" ");

function compression(): Workload {
  const text = someText();
  const unit = (turn: number): number => {
    text.writeUInt32LE(turn % 2 ** 32);
    return deflateRawSync(text, { level: 6 }).length;
  };
  if (!inflateRawSync(deflateRawSync(text)).equals(text)) throw new Error("compressed and unpacked text differ");
  return { unit };
}

/** Words in an order that repeats little, with numbers between them. */
function someText(): Buffer {
  const text = Buffer.alloc(TEXT_BYTES, " ");
  let state = 1;
  let at = 0;
  while (at < TEXT_BYTES) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    const word = state & 0x300 ? WORDS[(state >>> 16) % WORDS.length]! : (state >>> 0).toString(36);
    at += text.write(`${word} `, at) || TEXT_BYTES;
  }
  return text;
}
