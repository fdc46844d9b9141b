import { ChainUnreachableError } from "../../../chain/errors.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { PoolContext } from "../../../scheduler/actions/context.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import type { Operator, PoolChain } from "../../../scheduler/ports.ts";
import { Crash } from "../chain/crash-points.ts";
import { SchedulerWorld } from "../scheduler-world.ts";
import type { FakeWorker, Manners } from "../scheduler-worker.ts";

import { rowOf } from "./crash-points.ts";
import type { Move, Reached, When } from "./crash-points.ts";
import { mortalDeals, mortalEpochs, mortalTasks } from "./scheduler-points.ts";

/** Where the process dies: the first time that it comes to this side of this move. */
export type Armed = { readonly row: string; readonly when: When };

/** What a test may have the chain and the operator do instead. */
type Changes = Partial<Pick<PoolChain, "countClosed"> & Pick<Operator, "seal" | "settle">>;

/**
 * A pool on a real Redis and a chain in memory, whose process dies at one move: from then on nothing that it would still do
 * has an effect. The next one goes on with what Redis holds.
 */
export class MortalWorld implements AsyncDisposable {
  /** The move at which it died, and how the thing that moved stood then. */
  died: (Move & { readonly state: string }) | undefined;
  readonly world: SchedulerWorld;
  readonly #living: PoolContext;
  readonly #armed: Armed | undefined;
  readonly #seen: Set<string>;
  #fatal: Move | undefined;
  #changes: Changes = {};

  private constructor(world: SchedulerWorld, armed: Armed | undefined, seen: Set<string>) {
    this.world = world;
    this.#living = world.pool;
    this.#armed = armed;
    this.#seen = seen;
    this.change({});
  }

  /** @param seen gets the name of every move that is made */
  static async open(redisUrl: string, armed: Armed | undefined, seen: Set<string>): Promise<MortalWorld> {
    return new MortalWorld(await SchedulerWorld.open(redisUrl), armed, seen);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.world[Symbol.asyncDispose]();
  }

  /** The stores as they are, for a test to look into. */
  get pool(): PoolContext {
    return this.#living;
  }

  /** From now on the chain answers so, instead of as it should; nothing given: as it should. */
  change(changes: Changes): void {
    this.#changes = changes;
    this.world.pool = this.#mortal();
  }

  /** Does what may kill the process, and again with the next one when it did. */
  async survive<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // As its queue does with a job that failed.
      if (error instanceof ChainUnreachableError) return await this.survive(work);
      if (!(error instanceof Crash)) throw error;
      this.died = { ...this.#fatal!, state: await this.#stateOf(this.#fatal!) };
      this.world.pool = this.#mortal();
      await this.world.restart();
      return await this.survive(work);
    }
  }

  connect(index: number, manners: Manners = {}): Promise<FakeWorker> {
    return this.survive(() => this.world.connect(index, manners));
  }

  openDeal(changes: Partial<Deal> = {}): Deal {
    return this.world.openDeal(changes);
  }

  isSettled(deal: Deal): () => boolean {
    return this.world.isSettled(deal);
  }

  /** Lets the chain's clock go forward to `second`. */
  passTime(second: number): void {
    this.world.hub.now = Math.max(this.world.hub.now, second);
  }

  drive(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
    const living = (): Promise<boolean> | boolean => {
      // A sweep goes on with its next part, whatever the last one threw.
      if (this.#isDead()) throw new Crash();
      return done();
    };
    return this.survive(() => this.world.drive(what, living, 900));
  }

  #mortal(): PoolContext {
    const { countClosed, ...acts } = this.#changes;
    const living = this.#living;
    const reached: Reached = (when, move) => this.#reach(when, move);
    return {
      ...living,
      chain: { ...living.chain, ...(countClosed ? { countClosed } : {}) },
      operator: this.#guarded({ ...living.operator, ...acts }),
      tasks: this.#guarded(mortalTasks(reached, living.tasks)),
      deals: this.#guarded(mortalDeals(reached, living.deals)),
      epochs: this.#guarded(mortalEpochs(reached, living.epochs)),
      workers: this.#guarded(living.workers),
      ledger: this.#guarded(living.ledger),
      messenger: this.#guarded(living.messenger),
      wake: this.#guarded(living.wake),
    };
  }

  #reach(when: When, move: Move): void {
    this.#seen.add(rowOf(move));
    if (this.#isDead()) throw new Crash();
    if (this.died || !this.#armed || this.#armed.when !== when || this.#armed.row !== rowOf(move)) return;
    this.#fatal = move;
    throw new Crash();
  }

  #isDead(): boolean {
    return this.#fatal !== undefined && this.died === undefined;
  }

  #guarded<T extends object>(port: T): T {
    const entries = Object.entries(port).map(([name, member]: [string, unknown]) => [
      name,
      typeof member === "function" ? (...args: unknown[]) => this.#call(member as Method, args) : member,
    ]);
    return Object.fromEntries(entries) as T;
  }

  async #call(method: Method, args: readonly unknown[]): Promise<unknown> {
    if (this.#isDead()) throw new Crash();
    const result = await method(...args);
    if (this.#isDead()) throw new Crash();
    return result;
  }

  async #stateOf({ of, id }: Move): Promise<string> {
    const { tasks, deals, epochs } = this.#living;
    const [hash, leaseId] = id.split("/") as [Hash, string];
    const readers: Readonly<Record<string, () => Promise<string | undefined>>> = {
      task: async () => (await tasks.get(hash))?.state,
      vote: async () => (await tasks.get(hash))?.votes.find((vote) => vote.leaseId === leaseId)?.state,
      deal: async () => (await deals.get(hash))?.stage,
      epoch: async () => (await epochs.current(0))?.state,
    };
    return (await readers[of]?.()) ?? "-";
  }
}

type Method = (...args: readonly unknown[]) => unknown;
