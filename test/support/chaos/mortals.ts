import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { EXIT } from "../../../cli/exit-codes.ts";
import { envFor } from "../config.ts";
import { REPOSITORY } from "../local-market.ts";

import { armName, chaosPaths } from "./crash-points.ts";
import type { Column, Kill, Living, When } from "./crash-points.ts";
import { countFault } from "./tally.ts";

/** A process that is to be killed and started again, as often as it takes. */
export type Mortal = {
  readonly name: string;
  readonly column: Column;
  /** Relative to the repository. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A worker's account. */
  readonly address?: string;
};

/** A kill, and how the thing that was moving stood while its process was dead. */
export type Death = Kill & { readonly state: string };

type Body = { readonly mortal: Mortal; readonly child: ChildProcess };

const STOP_MS = 20_000;
const LOG_TAIL = 2_000;

/** Starts processes again whenever they are killed, and notes how everything stood in between. */
export class Mortals implements AsyncDisposable {
  readonly deaths: Death[] = [];
  /** How many commands have come to a good end. */
  done = 0;
  /** Ends that no kill explains: each is a failure of the test. */
  readonly faults: string[] = [];
  readonly #folder: string;
  readonly #look: (kill: Kill) => Promise<string>;
  readonly #bodies = new Map<string, Body>();
  readonly #held = new Map<string, Mortal>();
  readonly #reviving = new Set<Promise<void>>();
  #stopping = false;

  /** @param look reads how the thing that a kill was about stands now */
  constructor(folder: string, look: (kill: Kill) => Promise<string>) {
    this.#folder = folder;
    this.#look = look;
    const { armed, doomed, seen } = chaosPaths(folder);
    for (const path of [armed, doomed, seen]) mkdirSync(path, { recursive: true });
    this.#writeLiving();
  }

  /** The next process of this kind that comes to the row dies there, once. */
  arm(row: string, when: When, column: Column): void {
    writeFileSync(join(chaosPaths(this.#folder).armed, armName(row, when, column)), "");
  }

  isArmed(row: string, when: When, column: Column): boolean {
    return existsSync(join(chaosPaths(this.#folder).armed, armName(row, when, column)));
  }

  wasSeen(row: string): boolean {
    return existsSync(join(chaosPaths(this.#folder).seen, encodeURIComponent(row)));
  }

  pidOf(name: string): number | undefined {
    return this.#bodies.get(name)?.child.pid;
  }

  /** Whether it runs, or is about to run again. */
  lives(name: string): boolean {
    return this.#bodies.has(name) || this.#reviving.size > 0;
  }

  start(mortal: Mortal): ChildProcess {
    const { name, program, args = [], env } = mortal;
    const log = openSync(join(this.#folder, `${name}.log`), "a");
    const child = spawn(process.execPath, [program, ...args], {
      cwd: REPOSITORY,
      env: envFor({
        ...env,
        GRIDMILL_CHAOS: this.#folder,
        GRIDMILL_CHAOS_SELF: name,
        NODE_COMPILE_CACHE: join(this.#folder, "compiled"),
      }),
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#bodies.set(name, { mortal, child });
    this.#writeLiving();
    child.once("exit", (code, signal) => {
      const revived = this.#ended({ mortal, child }, code, signal);
      this.#reviving.add(revived);
      void revived.finally(() => this.#reviving.delete(revived));
    });
    return child;
  }

  /** Kills it as a power cut would, at no move in particular. */
  async kill(name: string): Promise<void> {
    const body = this.#bodies.get(name);
    if (!body) return;
    body.child.kill("SIGKILL");
    await once(body.child, "exit");
  }

  /** Kills it, and leaves it dead until {@link release}. */
  async hold(name: string): Promise<void> {
    const body = this.#bodies.get(name);
    if (body) this.#held.set(name, body.mortal);
    await this.kill(name);
  }

  /** The next death of this process is not followed by a start, until {@link release}. */
  holdNext({ name }: Mortal): void {
    this.#held.set(name, this.#bodies.get(name)!.mortal);
  }

  release(name: string, changes: Readonly<Record<string, string>> = {}): void {
    const mortal = this.#held.get(name);
    this.#held.delete(name);
    if (mortal && !this.#bodies.has(name)) this.start({ ...mortal, env: { ...mortal.env, ...changes } });
  }

  /** Asks each to end in an orderly way, which each must do with code 0. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#reviving);
    const bodies = [...this.#bodies.values()];
    await Promise.all(bodies.map((body) => this.#stopOne(body)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stopOne({ mortal, child }: Body): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    child.kill("SIGTERM");
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    clearTimeout(force);
    // One that was still loading has no handler yet.
    const isGood = code === 0 || signal === "SIGTERM";
    if (!isGood) this.faults.push(`${mortal.name} stopped with ${code ?? signal}: ${this.#logTail(mortal.name)}`);
  }

  async #ended({ mortal, child }: Body, code: number | null, signal: string | null): Promise<void> {
    this.#bodies.delete(mortal.name);
    this.#writeLiving();
    const death = signal === "SIGKILL" ? await this.#note(child.pid!) : undefined;
    if (this.#stopping) return;
    if (mortal.column === "command" && (code === EXIT.done || isOver(death))) {
      this.done++;
      return;
    }
    if (!this.#isForgiven(mortal, code, signal)) {
      this.faults.push(`${mortal.name} ended with ${code}: ${this.#logTail(mortal.name)}`);
    }
    if (!this.#held.has(mortal.name)) this.start(mortal);
  }

  /** A command may find a service dead; whoever typed it tries again. */
  #isForgiven({ column }: Mortal, code: number | null, signal: string | null): boolean {
    return signal === "SIGKILL" || (column === "command" && code === EXIT.unreachable);
  }

  async #note(pid: number): Promise<Death | undefined> {
    const { kills } = chaosPaths(this.#folder);
    const lines = existsSync(kills) ? readFileSync(kills, "utf8").trim().split("\n") : [];
    const kill = lines.map((line) => JSON.parse(line) as Kill).findLast((one) => one.pid === pid);
    if (!kill) return undefined;
    countFault("kill", `${kill.column} ${kill.when} ${kill.row}`);
    const state = await this.#look(kill).catch((error: unknown) => `unreadable: ${String(error)}`);
    const death = { ...kill, state };
    this.deaths.push(death);
    return death;
  }

  #writeLiving(): void {
    const { living } = chaosPaths(this.#folder);
    const all = [...this.#bodies.values()].map(({ mortal: { name, column, address }, child }): Living => {
      return { name, column, pid: child.pid!, ...(address === undefined ? {} : { address }) };
    });
    writeFileSync(`${living}.new`, JSON.stringify(all));
    renameSync(`${living}.new`, living);
  }

  #logTail(name: string): string {
    return readFileSync(join(this.#folder, `${name}.log`), "utf8").slice(-LOG_TAIL);
  }
}

/** A command that dies once all is said and done is over: typed again, it would find its own results in the way. */
function isOver(death: Death | undefined): boolean {
  return death?.row === "command matched > done" && death.when === "after";
}
