/** Whoever asks whether a service is ready wants to know now: what has not answered by then does not, in milliseconds. */
const PATIENCE_MS = 3_000;

/** Whether all of these answer, soon. */
export async function answersInTime(...questions: readonly Promise<unknown>[]): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), PATIENCE_MS);
  const answered = Promise.all(questions).then(
    () => true,
    () => false,
  );
  return await Promise.race([answered, over]).finally(() => clearTimeout(timer));
}
