import { join } from "node:path";

/** Where the local market keeps what it is made of; all of it goes with `--fresh`. */
export type LocalPaths = {
  readonly root: string;
  /** What the market is made of: ports, services, accounts. Written once, read by every later `up`. */
  readonly plan: string;
  /** What runs now. */
  readonly state: string;
  readonly deployment: string;
  readonly keys: string;
  readonly passphrase: string;
  readonly chain: string;
  readonly redis: string;
  readonly registry: string;
  readonly docker: string;
};

export function localPaths(root: string): LocalPaths {
  return {
    root,
    plan: join(root, "plan.json"),
    state: join(root, "state.json"),
    deployment: join(root, "deployment.json"),
    keys: join(root, "keys"),
    passphrase: join(root, "passphrase"),
    chain: join(root, "chain"),
    redis: join(root, "redis"),
    registry: join(root, "registry"),
    docker: join(root, "docker"),
  };
}
