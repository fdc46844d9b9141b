import { z } from "zod";

/** A number from 1 on the command line of a tool. */
export const Count = z.stringFormat("a number from 1", /^[1-9]\d*$/).transform(Number);
