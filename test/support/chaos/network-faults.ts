import type { Fault } from "../chain/faulty-node.ts";
import type { FaultyNode } from "../chain/faulty-node.ts";
import type { SocketProxy } from "../socket-proxy.ts";

import type { Net } from "./chaos-stage.ts";

/** Something that happens between two processes, and how soon all is well after it. */
export type NetworkFault = {
  readonly name: string;
  readonly begin: (net: Net) => void | Promise<void>;
  readonly end: (net: Net) => void | Promise<void>;
  /** How often somebody has met it; it goes on until that has grown by `enough`. */
  readonly felt: (net: Net) => number;
  readonly enough: number;
  /** Seconds from its end until every deal is over, and pool and workers answer. */
  readonly within: number;
};

/** Long enough for a deal that was in the middle to be voted for once more. */
const SOON = 40;
/** Who finds out by silence alone that a connection is dead needs some more. */
const LATER = 60;
/** Each of the pool's connections to Redis finds out by itself, after 15 s; then the jobs that they held are taken over. */
const LATEST = 90;
const LATE_MS = 300;

function onTheWay(name: string, way: (net: Net) => SocketProxy, latest: number): readonly NetworkFault[] {
  const fault = (what: string, enough: number, within: number, begin: (proxy: SocketProxy) => void): NetworkFault => ({
    name: `${name} ${what}`,
    begin: (net) => begin(way(net)),
    end: (net) => way(net).heal(),
    felt: (net) => way(net).felt,
    ...{ enough, within },
  });
  return [
    fault("late", 30, SOON, (proxy) => proxy.delay(LATE_MS)),
    fault("cut", 1, SOON, (proxy) => proxy.cut()),
    fault("refused", 20, SOON, (proxy) => proxy.cut()),
    fault("half open", 3, latest, (proxy) => proxy.halfOpen()),
  ];
}

const REDIS_RESTARTED: NetworkFault = {
  name: "Redis killed and started again",
  begin: ({ redis }) => redis.kill(),
  end: ({ redis }) => redis.start(),
  felt: ({ wayToRedis }) => wayToRedis.felt,
  ...{ enough: 5, within: SOON },
};

/** What a node does wrong, and how many batches of questions it does it to. */
const OF_A_NODE: readonly (readonly [Fault, number])[] = [
  ["delays", 3],
  ["drops", 3],
  ["drops answer", 3],
  ["hangs", 1],
  ["breaks off", 3],
  ["garbage", 3],
  ["limits", 2],
  ["reorders", 3],
  [{ lie: "nonsense" }, 3],
  [{ lie: "keeps back" }, 3],
];

const atANode = (name: string, node: (net: Net) => FaultyNode): readonly NetworkFault[] =>
  OF_A_NODE.map(([fault, enough]): NetworkFault => {
    const called = typeof fault === "string" ? fault : fault.lie;
    return {
      name: `${name} ${called}`,
      begin: (net) => node(net).misbehave(fault),
      end: (net) => node(net).mend(),
      felt: (net) => node(net).counts.get(called) ?? 0,
      ...{ enough, within: LATER },
    };
  });

/** Every fault that can be put between the processes of a market. */
export const NETWORK_FAULTS: readonly NetworkFault[] = [
  ...onTheWay("Redis", ({ wayToRedis }) => wayToRedis, LATEST),
  REDIS_RESTARTED,
  ...onTheWay("workers' connections", ({ wayToPool }) => wayToPool, LATER),
  ...atANode("the pool's node", ({ nodeOfPool }) => nodeOfPool),
  ...atANode("the workers' node", ({ nodeOfWorkers }) => nodeOfWorkers),
];
