/**
 * JSON as Gridmill writes it: every bigint becomes a decimal string (numbers beyond 2^53 would lose digits), the rest
 * is standard. Reading it back is a schema's work, since only the schema knows which strings are numbers.
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_key, field: unknown) => (typeof field === "bigint" ? field.toString() : field),
    indent,
  );
}
