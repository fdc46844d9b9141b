import type { MessageOf, SchedulerMessage, WorkerMessage } from "../../protocol/messages.ts";

export type Welcome = MessageOf<SchedulerMessage, "welcome">;
export type Hello = MessageOf<WorkerMessage, "hello">;
export type Heartbeat = MessageOf<WorkerMessage, "heartbeat">;

/** Everything that a scheduler may say after its welcome. */
export type Order = Exclude<SchedulerMessage, { type: "welcome" }>;

/** What the agent gives the gateway to say and hears from it. A handler that throws ends the connection. */
export type GatewayPeer = {
  readonly hello: () => Hello;
  readonly heartbeat: () => Heartbeat;
  /**
   * After each welcome, before anything else of that connection.
   * @throws WrongPoolError when this is not the pool that the worker is for
   */
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onOrder: (order: Order) => void;
  readonly onLost: () => void;
};

/** A connection to a pool that comes back by itself. */
export interface Gateway {
  /** Says something if connected. What must not be lost is in the journal and said again after each welcome. */
  send(message: WorkerMessage): void;
  /**
   * Stays connected until `signal` aborts.
   * @throws WrongPoolError when the gateway is of another pool: trying again would not help
   */
  run(peer: GatewayPeer, signal: AbortSignal): Promise<void>;
}
