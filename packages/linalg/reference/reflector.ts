/** The inner product. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Makes a vector, in place, the one of the reflector I - τ v vᵀ that turns it into β e₁. */
export function reflect(x: Float64Array): { tau: number; beta: number } {
  const largest = x.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  // Squares of numbers about 1 neither overflow nor lose digits.
  const scale = largest > 0 ? 2 ** Math.min(1000, -Math.floor(Math.log2(largest))) : 1;
  for (let i = 0; i < x.length; i++) x[i] *= scale;
  const alpha = x[0];
  x[0] = 0;
  const rest = dot(x, x);
  x[0] = 1;
  if (rest === 0) {
    x.fill(0, 1);
    return { tau: 0, beta: alpha / scale };
  }
  const size = Math.sqrt(alpha * alpha + rest);
  const beta = alpha > 0 ? -size : size;
  for (let i = 1; i < x.length; i++) x[i] /= alpha - beta;
  return { tau: (beta - alpha) / beta, beta: beta / scale };
}
