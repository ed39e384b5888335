/**
 * Reverse-mode differentiation over the devices of `@pare/linalg`, and what training needs beside it:
 * AdamW, a schedule, clipping, and a loop that can be interrupted.
 *
 * @module
 */

export * from "./parameter.ts";
export * from "./tape.ts";
export * from "./train.ts";
export * from "./variable.ts";

export * from "./operations/activate.ts";
export * from "./operations/add.ts";
export * from "./operations/attention.ts";
export * from "./operations/embedding.ts";
export * from "./operations/linear.ts";
export * from "./operations/losses.ts";
export * from "./operations/matmul.ts";
export * from "./operations/multiply.ts";
export * from "./operations/norms.ts";
export * from "./operations/rotary.ts";
export * from "./operations/sum.ts";

export * from "./optimizer/adamw.ts";
export * from "./optimizer/gradient_norm.ts";
export * from "./optimizer/warmup_cosine.ts";
