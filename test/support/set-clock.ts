/** Sets this process' clock by so many milliseconds, until it is disposed of: as when somebody corrects a machine's time. */
export function setClock(ms: number): Disposable {
  const now = Date.now;
  Date.now = () => now() + ms;
  return { [Symbol.dispose]: () => void (Date.now = now) };
}
