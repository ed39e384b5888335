/** Cuts a text into parts of a length, whatever stands there. */
export function chunks(text: string, length: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => text.slice(i * length, (i + 1) * length))
    .filter((chunk) => chunk !== "");
}
