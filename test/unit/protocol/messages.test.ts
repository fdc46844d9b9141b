import { expect } from "chai";

import { toJson } from "../../../protocol/json.ts";
import {
  MAX_MESSAGE_BYTES,
  MAX_SHOWN_BYTES,
  SchedulerMessageSchema,
  WorkerMessageSchema,
} from "../../../protocol/messages.ts";
import type { MessageOf, SchedulerMessage, WorkerMessage } from "../../../protocol/messages.ts";
import { aLease, LEASE_ID } from "./a-lease.ts";
import { word } from "./arbitraries.ts";

const leaseId = LEASE_ID;
const taskId = word(1);
const epoch = { pool: 1n, lane: 0, epoch: 1 };
const fault = { code: "GM_NO_CAPACITY", message: "busy" } as const;

/** One good message of each type: the compiler sees that none is missing. */
const WORKER: { readonly [T in WorkerMessage["type"]]: MessageOf<WorkerMessage, T> } = {
  hello: {
    ...{ type: "hello", protocol: 1, agent: "gridmill/0.1.0", capabilities: word(2), platform: "linux/amd64" },
    ...{ slots: 1, machine: word(3), leases: [leaseId] },
  },
  heartbeat: { type: "heartbeat", leases: [], load: 0.5, accepting: true },
  accept: { type: "accept", leaseId },
  refuse: { type: "refuse", leaseId, ...fault },
  progress: { type: "progress", leaseId, stage: "running", percent: 50 },
  log: { type: "log", leaseId, text: "hello\n" },
  computed: { type: "computed", leaseId, taskId, tag: word(4) },
  ballot: {
    ...{ type: "ballot", ...epoch, sealBy: 1_900_000_000, votes: [{ taskId, seal: word(5) }] },
    signature: `0x${"1c".repeat(64)}`,
  },
  "ballot-refused": { type: "ballot-refused", ...epoch, ...fault },
  open: { type: "open", ...epoch, secret: word(6), digests: [{ taskId, digest: word(7) }] },
  uploaded: { type: "uploaded", taskId, sha256: "ab".repeat(32), bytes: 0 },
  "upload-failed": { type: "upload-failed", taskId, ...fault },
  manifest: { type: "manifest", taskId, text: "exit 0\n" },
  "manifest-refused": { type: "manifest-refused", taskId, ...fault },
};
const SCHEDULER: { readonly [T in SchedulerMessage["type"]]: MessageOf<SchedulerMessage, T> } = {
  welcome: { type: "welcome", protocol: 1, pool: 1n, chainId: 31_337n, heartbeatMs: 5_000 },
  lease: { type: "lease", lease: aLease() },
  "ballot?": { type: "ballot?", ...epoch, tasks: [taskId] },
  sealed: { type: "sealed", ...epoch, leaves: [] },
  "upload?": { type: "upload?", taskId },
  "manifest?": { type: "manifest?", taskId },
  settled: { type: "settled", taskId, digest: word(7), agreed: true },
  drop: { type: "drop", leaseId, taskId, reason: "settled" },
};
type Type = WorkerMessage["type"] | SchedulerMessage["type"];
const GOOD = { ...WORKER, ...SCHEDULER } as Readonly<Record<Type, WorkerMessage | SchedulerMessage>>;

const schemaOf = (type: Type) => (type in WORKER ? WorkerMessageSchema : SchedulerMessageSchema);
const accepts = (type: Type, changes: object): boolean =>
  schemaOf(type).safeParse({ ...GOOD[type], ...changes }).success;
const x = (length: number): string => "x".repeat(length);
const many = <T>(length: number, item: T): T[] => Array<T>(length).fill(item);
const vote = { taskId, seal: word(5) };
const opened = { taskId, digest: word(7) };

/** What stands at a bound, and what is one above or below it. */
const BOUNDS: readonly (readonly [Type, string, ok: unknown, refused: unknown])[] = [
  ["hello", "protocol", 1, 2],
  ["manifest", "text", x(MAX_SHOWN_BYTES), x(MAX_SHOWN_BYTES + 1)],
  ["hello", "agent", x(128), x(129)],
  ["hello", "platform", x(64), x(65)],
  ["hello", "slots", 1, 0],
  ["hello", "slots", 256, 257],
  ["hello", "leases", many(4_096, leaseId), many(4_097, leaseId)],
  ["heartbeat", "leases", many(4_096, leaseId), many(4_097, leaseId)],
  ["heartbeat", "load", 0, -0.1],
  ["accept", "leaseId", leaseId, "7"],
  ["refuse", "message", x(1_024), x(1_025)],
  ["refuse", "code", `GM_${"A".repeat(64)}`, `GM_${"A".repeat(65)}`],
  ["refuse", "code", "GM_A_B", "gm_a_b"],
  ["refuse", "code", "GM_A", "OTHER"],
  ["progress", "percent", 0, -1],
  ["progress", "percent", 100, 101],
  ["progress", "percent", undefined, null],
  ["progress", "stage", "fetching", "dreaming"],
  ["log", "text", x(65_536), x(65_537)],
  ["ballot", "votes", [vote], []],
  ["ballot", "votes", many(6_000, vote), many(6_001, vote)],
  ["ballot", "signature", `0x${"00".repeat(64)}`, `0x${"00".repeat(65)}`],
  ["ballot", "signature", `0x${"FF".repeat(64)}`, `0x${"00".repeat(63)}`],
  ["ballot", "epoch", 1, 0],
  ["ballot", "lane", 255, 256],
  ["ballot", "sealBy", 2 ** 40 - 1, 2 ** 40],
  ["ballot-refused", "message", x(1_024), x(1_025)],
  ["open", "digests", [opened], []],
  ["open", "digests", many(6_000, opened), many(6_001, opened)],
  ["uploaded", "bytes", 0, -1],
  ["uploaded", "sha256", "ab".repeat(32), word(1)],
  ["upload-failed", "message", x(1_024), x(1_025)],
  ["welcome", "protocol", 1, 2],
  ["welcome", "heartbeatMs", 1, 0],
  ["ballot?", "tasks", [taskId], []],
  ["ballot?", "tasks", many(6_000, taskId), many(6_001, taskId)],
  ["sealed", "leaves", [], ["0x"]],
  ["settled", "agreed", false, "no"],
  ["drop", "reason", x(1_024), x(1_025)],
];

describe("messages", function () {
  for (const type of Object.keys(GOOD) as Type[]) {
    describe(type, function () {
      it("arrives as it was sent", function () {
        expect(schemaOf(type).parse(JSON.parse(toJson(GOOD[type])))).to.deep.equal(GOOD[type]);
      });

      it("is refused with an unknown field, and without one of its own", function () {
        expect(accepts(type, { surprise: 1 })).to.equal(false);
        for (const field of Object.keys(GOOD[type])) {
          if (field !== "percent") expect(accepts(type, { [field]: undefined }), field).to.equal(false);
        }
      });

      it("is refused from the other side", function () {
        const other = type in WORKER ? SchedulerMessageSchema : WorkerMessageSchema;

        expect(other.safeParse(GOOD[type]).success).to.equal(false);
      });
    });
  }

  describe("bounds", function () {
    const brief = (value: unknown): string => {
      const text = value === undefined ? "nothing" : toJson(value);
      if (text.length <= 24) return text;
      return Array.isArray(value) ? `${value.length} in all` : `${(value as string).length} characters`;
    };
    for (const [type, field, ok, refused] of BOUNDS) {
      it(`${field} of ${type}: ${brief(ok)} and not ${brief(refused)}`, function () {
        expect(accepts(type, { [field]: ok })).to.equal(true);
        expect(accepts(type, { [field]: refused })).to.equal(false);
      });
    }
  });

  it("fit into the bytes that a message may have, at each of these bounds", function () {
    for (const [type, field, ok] of BOUNDS) {
      const text = toJson({ ...GOOD[type], [field]: ok });
      expect(Buffer.byteLength(text), `${field} of ${type}`).to.be.at.most(MAX_MESSAGE_BYTES);
    }
  });

  it("carry nothing unknown within them either", function () {
    expect(accepts("ballot", { votes: [{ ...vote, digest: word(7) }] })).to.equal(false);
    expect(accepts("open", { digests: [{ ...opened, secret: word(6) }] })).to.equal(false);
    expect(accepts("lease", { lease: { ...aLease(), surprise: 1 } })).to.equal(false);
  });

  it("of no known type are refused", function () {
    for (const message of [null, "accept", [], {}, { type: "shout" }, { leaseId }]) {
      expect(WorkerMessageSchema.safeParse(message).success).to.equal(false);
      expect(SchedulerMessageSchema.safeParse(message).success).to.equal(false);
    }
  });
});
