/** What the tests read from their environment; here and nowhere else. */
export type TestConfig = {
  /** Which Docker Engine to use; undefined: the one of this machine. */
  readonly dockerHost: string | undefined;
};

export function loadTestConfig(env: NodeJS.ProcessEnv = process.env): TestConfig {
  return Object.freeze({ dockerHost: env["DOCKER_HOST"] || undefined });
}
