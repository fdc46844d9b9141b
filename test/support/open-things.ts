/** Things that a test must close but that neither Node nor Docker counts: queues, watchers, locks. */
const open = new Set<string>();

/**
 * Says that `what` is open now. A name that is open already gets a number.
 * @returns call it when the thing is closed
 */
export function noteOpen(what: string): () => void {
  let name = what;
  for (let copy = 2; open.has(name); copy++) name = `${what} (${copy})`;
  open.add(name);
  return () => void open.delete(name);
}

export function openThings(): readonly string[] {
  return [...open];
}
