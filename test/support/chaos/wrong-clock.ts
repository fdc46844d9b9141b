/**
 * Loaded into a process before anything else (`--import`): its clock goes as it should, but is wrong by GRIDMILL_CLOCK_AHEAD seconds, and
 * is set by GRIDMILL_CLOCK_JUMP seconds at SIGUSR2.
 */
import { loadTestConfig } from "../config.ts";

const RightDate = Date;
const { clockAheadSeconds, clockJumpSeconds } = loadTestConfig();
let aheadMs = clockAheadSeconds * 1_000;
process.on("SIGUSR2", () => (aheadMs += clockJumpSeconds * 1_000));
const now = (): number => RightDate.now() + aheadMs;

globalThis.Date = new Proxy(RightDate, {
  construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made) as Date,
  get: (target, name) => (name === "now" ? now : (Reflect.get(target, name) as unknown)),
});
