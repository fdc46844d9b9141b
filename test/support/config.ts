/** What the tests read from their environment; here and nowhere else. */
export type TestConfig = {
  /** Which Docker Engine to use; undefined: the one of this machine. */
  readonly dockerHost: string | undefined;
  /** True for the long form of a kind: GRIDMILL_FULL=1. */
  readonly full: boolean;
};

export function loadTestConfig(env: NodeJS.ProcessEnv = process.env): TestConfig {
  return Object.freeze({ dockerHost: env["DOCKER_HOST"] || undefined, full: env["GRIDMILL_FULL"] === "1" });
}

/** The environment for a process that a test starts: ours, with `changes`; undefined takes a variable out. */
export function envFor(changes: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}
