/** What the tests read from their environment; here and nowhere else. */
export type TestConfig = {
  /** Which Docker Engine to use; undefined: the one of this machine. */
  readonly dockerHost: string | undefined;
  /** True for the long form of a kind: GRIDMILL_FULL=1. */
  readonly full: boolean;
  /** For a process that a test of crashes starts: where its crash points are armed, and what it is called there. */
  readonly chaos: { readonly folder: string; readonly self: string } | undefined;
  /** The file in which chaos tests count what they inject; undefined: nowhere. */
  readonly tally: string | undefined;
  /** How many seconds the clock of this process is ahead, for those that `test/support/chaos/wrong-clock.ts` is loaded into. */
  readonly clockAheadSeconds: number;
  /** And by how many it is set when that is told to. */
  readonly clockJumpSeconds: number;
};

export function loadTestConfig(env: NodeJS.ProcessEnv = process.env): TestConfig {
  const [folder, self] = [env["GRIDMILL_CHAOS"], env["GRIDMILL_CHAOS_SELF"]];
  return Object.freeze({
    dockerHost: env["DOCKER_HOST"] || undefined,
    full: env["GRIDMILL_FULL"] === "1",
    chaos: folder && self ? { folder, self } : undefined,
    tally: env["GRIDMILL_TALLY"] || undefined,
    clockAheadSeconds: Number(env["GRIDMILL_CLOCK_AHEAD"] ?? 0),
    clockJumpSeconds: Number(env["GRIDMILL_CLOCK_JUMP"] ?? 0),
  });
}

/** The environment for a process that a test starts: ours, with `changes`; undefined takes a variable out. */
export function envFor(changes: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}
