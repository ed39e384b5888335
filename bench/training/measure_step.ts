// Measures the steps of one model in a process of its own. Started by run.ts; writes a line of JSON.

import { formatBytes } from "../../packages/cli/table.ts";
import { createCountingDevice } from "../devices/count_arrays.ts";
import { OURS } from "../linalg/contenders.ts";
import { interleave, type Run } from "../linalg/measure.ts";
import { evaluate, type RowResult } from "../linalg/result.ts";
import type { Comparison } from "../linalg/row.ts";
import { AGREEMENT, disagreement } from "./agreement.ts";
import { createJaxTrainer } from "./jax_trainer.ts";
import { createPareTrainer, type PareTrainer, trainOn } from "./pare_trainer.ts";
import {
  type Batch,
  batchOf,
  flopsOf,
  SHAPES,
  type StepFlops,
  type TrainingShape,
  type Weights,
  weightsOf,
} from "./shapes.ts";
import type { Trainer } from "./trainer.ts";

/** What is asked for, in the process's one argument. */
export interface StepRequest {
  /** A name in `SHAPES`. */
  readonly model: string;
  readonly threads: number;
  /** Whether jax-js does not take part. */
  readonly alone: boolean;
}

/** What came of a model. */
export interface StepResult extends RowResult {
  readonly tokens: number;
  /** The operations of a step, as those of its products. */
  readonly flops: StepFlops;
  /** Ours, by operation: the share of a step's time, largest first. */
  readonly shares: Readonly<Record<string, number>>;
  readonly memory: {
    /** The most there was of the memory of WebAssembly, in bytes. */
    readonly oursBytes: number;
    readonly jaxBytes: number | null;
    /** The arrays of ours when they were the most. */
    readonly arraysBytes: number;
    /** The same, by the operation that made them. */
    readonly byOrigin: Readonly<Record<string, number>>;
  };
}

const JAX = "jax-js";
const MATMULS = "its matmuls";
const PRODUCTS = "its matmuls and attention";

/** About how long the rounds of a model take together, in ms. */
const BUDGET_MS = 20_000;

async function measureStep({ model, threads, alone }: StepRequest): Promise<StepResult> {
  const shape = Object.entries(SHAPES).find(([name]) => name === model)?.[1];
  if (!shape) throw new RangeError(`Cannot measure a step as there must be a model ${model}`);
  const weights = await weightsOf(shape);
  const batch = batchOf(shape);
  await using resources = new AsyncDisposableStack();
  const ours = resources.use(await createPareTrainer(shape, weights, batch, threads));
  const jax = alone || !shape.fitsJax
    ? null
    : resources.use(await createJaxTrainer(shape, weights, batch, threads));
  if (jax) await checkAgreement(ours, jax);
  // The first step compiles: even one that takes more than a second is no sample.
  for (const trainer of [ours, ...jax ? [jax] : []]) await trainer.step();

  const watched = watchSteps(ours);
  const contenders: { name: string; run: Run }[] = [
    { name: OURS, run: watched.step },
    { name: MATMULS, run: () => watched.lastMs("matmul") },
    { name: PRODUCTS, run: () => watched.lastMs("matmul", "attention", "attentionGradient") },
  ];
  const isClaimed = shape === SHAPES.llama;
  const comparisons: Comparison[] = [
    { against: [MATMULS], goal: isClaimed ? 0.7 : undefined },
    { against: [PRODUCTS] },
  ];
  if (jax) {
    contenders.push({ name: JAX, run: async () => void await jax.step() });
    comparisons.unshift({ against: [JAX], goal: isClaimed ? 2 : undefined });
  }
  const samples = await interleave(contenders.map(({ run }) => run), {
    budgetMs: BUDGET_MS,
    minRounds: 5,
    pauseMs: threads > 1 ? 30 : 0,
  });
  const row = {
    contenders: contenders.map(({ name }) => ({ name, flops: undefined })),
    comparisons,
  };
  const { bytes, byOrigin } = await countArrays(shape, weights, batch);
  const result: Omit<StepResult, "notes"> = {
    section: "training",
    name: shape.name,
    threads,
    ...evaluate(row, samples),
    tokens: shape.windows * shape.tokens,
    flops: flopsOf(shape),
    shares: watched.shares(),
    memory: {
      oursBytes: ours.memoryBytes(),
      jaxBytes: jax?.memoryBytes() ?? null,
      arraysBytes: bytes,
      byOrigin: Object.fromEntries(descending(byOrigin)),
    },
  };
  return { ...result, notes: notesOf(result) };
}

/** Refuses to compare what does not compute the same. */
async function checkAgreement(ours: Trainer, jax: Trainer): Promise<void> {
  const { loss, gradient, worst } = disagreement(
    await ours.differentiate(),
    await jax.differentiate(),
  );
  if (loss <= AGREEMENT && gradient <= AGREEMENT) return;
  throw new RangeError(
    `Cannot compare steps as losses and gradients must agree to ${AGREEMENT}: ` +
      `current losses differ by ${loss}, gradients by up to ${gradient}, in ${worst}`,
  );
}

/** Steps, and where their time goes. */
function watchSteps(trainer: PareTrainer) {
  const before = new Map<string, number>();
  const sums = new Map<string, number>();
  let totalMs = 0;
  const spentIn = (name: string) => (trainer.spentMs.get(name) ?? 0) - (before.get(name) ?? 0);
  return {
    step: async () => {
      for (const [name, ms] of trainer.spentMs) before.set(name, ms);
      const start = performance.now();
      await trainer.step();
      totalMs += performance.now() - start;
      for (const name of trainer.spentMs.keys()) {
        sums.set(name, (sums.get(name) ?? 0) + spentIn(name));
      }
    },
    /** The ms of some operations in the last step. */
    lastMs: (...names: string[]) => names.reduce((sum, name) => sum + spentIn(name), 0),
    /** The share of each operation in all steps. */
    shares: () =>
      Object.fromEntries(descending(sums).map(([name, ms]) => [name, ms / totalMs] as const)),
  };
}

/** What a step holds, apart from how a device keeps house. */
async function countArrays(shape: TrainingShape, weights: Weights, batch: Batch) {
  const counting = createCountingDevice();
  using device = counting.device;
  counting.begin("before");
  const trainer = trainOn(device, shape, weights, batch);
  counting.begin("step");
  await trainer.step();
  return counting.peak();
}

function notesOf(result: Omit<StepResult, "notes">): string[] {
  const { contenders, tokens, flops, shares, memory } = result;
  const rates = contenders.filter(({ name }) => name === OURS || name === JAX).map((contender) => {
    const seconds = contender.minMs / 1000;
    const rate = (flops.linear + flops.attention) / seconds / 1e9;
    return `${contender.name} ${Math.round(tokens / seconds)} tokens/s, ${rate.toFixed(1)} GFLOP/s`;
  });
  const largest = Object.entries(shares).filter(([, share]) => share >= 0.005)
    .map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`);
  const { oursBytes, jaxBytes, arraysBytes } = memory;
  return [
    rates.join("; "),
    `of our time ${largest.join(", ")}`,
    `memory ${formatBytes(oursBytes)}, ${formatBytes(arraysBytes)} of it in arrays` +
    (jaxBytes === null ? "" : `; jax-js ${formatBytes(jaxBytes)}`),
  ];
}

function descending(entries: ReadonlyMap<string, number>): [name: string, value: number][] {
  return [...entries].sort(([, a], [, b]) => b - a);
}

if (import.meta.main) {
  console.log(JSON.stringify(await measureStep(JSON.parse(Deno.args[0]))));
  // Workers of peers would keep the process alive.
  Deno.exit();
}
