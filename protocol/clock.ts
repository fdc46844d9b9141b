/** Where a domain takes its time from, so that tests move it and deadlines follow the chain. */
export interface Clock {
  /** Unix time in seconds. */
  now(): number;
}
