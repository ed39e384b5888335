/** A mean and its standard error. */
interface Mean {
  readonly mean: number;
  readonly standardError: number;
}

/** A mean with its error, which has two digits: `1.253 ± 0.012`; large ones as `1.3e+4 ± 1.2e+3`. */
export function formatMean({ mean, standardError }: Mean): string {
  if (!(standardError > 0) || !Number.isFinite(mean)) return mean.toPrecision(4);
  if (standardError >= 1000) return `${mean.toExponential(1)} ± ${standardError.toExponential(1)}`;
  const digits = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(standardError))));
  return `${mean.toFixed(digits)} ± ${standardError.toFixed(digits)}`;
}
