import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { rewritten } from "./node-lies.ts";
import type { Lie } from "./node-lies.ts";

export type Question = { readonly id: number; readonly method: string; readonly params: readonly unknown[] };
export type Answer = { readonly id: number; readonly result?: unknown; readonly error?: object };

/**
 * What goes wrong between a service and its node.
 * - `drops` the question is lost · `drops answer` the node has heard it, the answer is lost
 * - `hangs` no answer ever · `breaks off` half an answer · `garbage` a page that is no JSON
 * - `limits` HTTP 429, with Retry-After · `reorders` the answers of a batch come in another order
 * - `delays` the answer comes a second late
 */
type Mishap = "drops" | "drops answer" | "hangs" | "breaks off" | "garbage" | "limits" | "reorders" | "delays";

export type Fault = Mishap | Lie;

type FaultOptions = {
  /** Only batches with one of these methods. Default: all. */
  readonly methods?: readonly string[];
  /** So many batches, and then no more. Default: until `mend`. */
  readonly times?: number;
};

/** A node with a proxy before it that misbehaves as it is told. */
export interface FaultyNode extends AsyncDisposable {
  readonly url: string;
  /** From now on. Several faults may be on at once; the one begun first is done first. */
  misbehave(fault: Fault, options?: FaultOptions): void;
  /** No faults from now on. */
  mend(): void;
  /** How many batches each fault was done to. */
  readonly counts: ReadonlyMap<string, number>;
  /** How often each method was asked for. */
  readonly asked: ReadonlyMap<string, number>;
}

/** What the node is asked to wait for by `limits`, in seconds. */
const RETRY_AFTER_SECONDS = 1;
const DELAY_MS = 1_000;

/** @param target URL of the real node */
export async function startFaultyNode(target: string): Promise<FaultyNode> {
  const faults = new Map<string, { readonly fault: Fault; readonly methods: readonly string[]; left: number }>();
  const [counts, asked] = [new Map<string, number>(), new Map<string, number>()];
  const count = (counter: Map<string, number>, name: string): void =>
    void counter.set(name, (counter.get(name) ?? 0) + 1);

  /** The faults for this batch, each used up by one. */
  function takeFor(questions: readonly Question[]): readonly Fault[] {
    const due = [...faults.values()].filter(
      ({ methods, left }) =>
        left > 0 && (methods.length === 0 || questions.some(({ method }) => methods.includes(method))),
    );
    for (const one of due) {
      one.left--;
      count(counts, nameOf(one.fault));
    }
    return due.map(({ fault }) => fault);
  }

  const server = createServer((request, response) => {
    const answer = async (body: string): Promise<void> => {
      const given = JSON.parse(body) as Question | readonly Question[];
      const questions = [given].flat() as readonly Question[];
      for (const { method } of questions) count(asked, method);
      const answers = await answersOf(target, questions, takeFor(questions), response);
      if (answers) response.end(JSON.stringify(Array.isArray(given) ? answers : answers[0]));
    };
    // Whoever asked may be dead by now.
    void text(request).then(answer, () => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    asked,
    misbehave: (fault, { methods = [], times = Infinity } = {}) =>
      void faults.set(nameOf(fault), { fault, methods, left: times }),
    mend: () => faults.clear(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function nameOf(fault: Fault): string {
  return typeof fault === "string" ? fault : fault.lie;
}

/** Undefined where the response was ended, or will never be. */
async function answersOf(
  target: string,
  questions: readonly Question[],
  faults: readonly Fault[],
  response: ServerResponse,
): Promise<readonly Answer[] | undefined> {
  const mishaps = faults.filter((fault) => typeof fault === "string");
  const lies = faults.filter((fault) => typeof fault !== "string");
  const before = mishaps.find((mishap) => mishap in BEFORE_ASKING);
  if (before) return void BEFORE_ASKING[before]!(response);
  const answers = await rewritten(questions, lies, (batch) => ask(target, batch));
  if (mishaps.includes("delays")) await sleep(DELAY_MS);
  if (mishaps.includes("drops answer")) return void response.destroy();
  if (mishaps.includes("breaks off")) {
    return void response.write(JSON.stringify(answers).slice(0, -5), () => response.destroy());
  }
  return mishaps.includes("reorders") ? answers.toReversed() : answers;
}

const BEFORE_ASKING: Readonly<Partial<Record<Mishap, (response: ServerResponse) => void>>> = {
  drops: (response) => void response.destroy(),
  hangs: () => {},
  garbage: (response) => void response.end("<html>busy</html>"),
  limits: (response) => void response.writeHead(429, { "retry-after": `${RETRY_AFTER_SECONDS}` }).end(),
};

async function ask(target: string, questions: readonly Question[]): Promise<readonly Answer[]> {
  if (questions.length === 0) return [];
  const response = await fetch(target, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(questions),
  });
  return (await response.json()) as readonly Answer[];
}
