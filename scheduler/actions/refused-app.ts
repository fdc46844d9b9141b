import type { AppRecord } from "../domain/apps/app-standing.ts";
import { AppRefusedError } from "../errors.ts";

/** Why nothing of a refused app is worked on. */
export function refusalOf({ app, image, dispute, until = 0 }: AppRecord): AppRefusedError {
  const end = new Date(until).toISOString().slice(0, 16);
  const files = dispute?.files ?? [];
  const where = files.length > 0 ? `; they differ in ${files.join(", ")}` : "";
  return new AppRefusedError(
    `App ${app} does not repeat its own answers: three workers gave three different ones to task ${dispute?.taskId}${where}. This pool refuses it until ${end}Z`,
    {
      hint: `Find what changes from run to run with gridmill app check ${image}, and publish an image that repeats itself`,
      details: { app, image, ...dispute },
    },
  );
}

/** The same in one line, for those who ask why nothing happens. */
export function refusalText(app: AppRecord): string {
  const { message, code } = refusalOf(app);
  return `${message} (${code})`;
}
