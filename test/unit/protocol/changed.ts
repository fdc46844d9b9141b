/** The same record with one field of another value: what a hash over all fields has to notice. */
export function changed<T extends object>(record: T, field: keyof T): T {
  return { ...record, [field]: another(record[field]) };
}

function another(value: unknown): unknown {
  if (typeof value === "bigint") return value ^ 1n;
  if (typeof value === "number") return value + 1;
  const text = value as string;
  return text.slice(0, -1) + (text.endsWith("1") ? "2" : "1");
}
