/**
 * Opens something before the tests of the `describe` it is called in and closes it after them.
 * @returns a function that gives it, for use inside tests
 */
export function inSuite<T extends AsyncDisposable>(open: () => Promise<T>): () => T {
  let opened: T | undefined;
  before(async () => {
    opened = await open();
  });
  after(async () => {
    await opened?.[Symbol.asyncDispose]();
    opened = undefined;
  });
  return () => {
    if (opened === undefined) throw new Error("only inside a test of the suite that opened it");
    return opened;
  };
}
