import { id as hashOf } from "ethers";

import type { Hash } from "../../../protocol/primitives.ts";

const MUCH = "1000000";

/** Workers that run no containers, and that nothing but their slots bounds. */
export const INSTANT_CROWD = {
  image: { reference: "127.0.0.1:1/app", digest: hashOf("an image") as Hash },
  args: [],
  worker: {
    program: "test/support/stage/instant-worker.ts",
    env: {
      GRIDMILL_SLOTS: "32",
      GRIDMILL_CPU_MILLICORES: MUCH,
      GRIDMILL_MEMORY_MIB: MUCH,
      GRIDMILL_DISK_MIB: MUCH,
    },
  },
} as const;
