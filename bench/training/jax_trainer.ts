// The same model written with jax-js: `valueAndGrad` under `jit`, AdamW in the same compiled step,
// on its WebAssembly backend.
//
// What was tried, in turns within one run, and makes no difference beyond noise, as 31 to 32 GFLOP/s
// is what its products reach in every layout: weights stored transposed; queries, keys and values, or
// gate and up, from one product of concatenated weights; the optimizer compiled apart. Where there
// was a difference, the faster stands here:
//
// - Tokens are looked up by `take`. A product with a one-hot matrix is slower on one thread, and ten
//   times as slow where jax-js makes that matrix itself.
// - The loss picks targets by a mask, as the derivative of `takeAlongAxis` does not compile: "routine
//   primitive scatter input is not imm" (0.1.25).
// - The halves of a head are swapped by a view for the rotary embedding; slices and a concatenation
//   take a kernel more.

import { loadJax } from "../peers/load_jax.ts";
import { createModel, type Tree } from "./jax_model.ts";
import type { Batch, TrainingShape, Weights } from "./shapes.ts";
import { ADAMW, type Trainer } from "./trainer.ts";

type Array = import("@jax-js/jax").Array;
type State = { weights: Tree; first: Tree; second: Tree };

/** Readies the model on jax-js. */
export async function createJaxTrainer(
  shape: TrainingShape,
  weights: Weights,
  batch: Batch,
  threads: number,
): Promise<Trainer> {
  const { jax, memoryBytes } = await loadJax(threads);
  const { numpy: np, tree, jit, valueAndGrad, blockUntilReady } = jax;
  const model = createModel(jax, shape);
  const names = [...weights.keys()];
  const inputs = np.array(flat(batch.inputs));
  const targets = np.array(flat(batch.targets));
  const start: [string, Array][] = [];
  for (const [name, { shape, data }] of weights) {
    start.push([name, np.array(data, { shape: [...shape] })]);
  }
  const zeros = () => {
    const entries = [...weights].map(([name, { shape }]) => [name, np.zeros([...shape])]);
    return Object.fromEntries(entries);
  };
  let state: State = { weights: Object.fromEntries(start), first: zeros(), second: zeros() };
  let steps = 0;

  const lossAndGradients = valueAndGrad(model);
  const differentiate = jit((weights: Tree, inputs: Array, targets: Array): [Array, Tree] => {
    const [loss, gradients] = lossAndGradients(weights, inputs, targets);
    return [loss, gradients as Tree];
  });

  /** AdamW with the corrections 1 / (1 - βᵗ) as they are at this step. */
  const update = (
    { weights, first, second }: State,
    gradients: Tree,
    corrections: readonly [Array, Array],
  ) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = ADAMW;
    const next: State = { weights: {}, first: {}, second: {} };
    for (const name of names) {
      const gradient = gradients[name];
      const m = first[name].mul(beta1).add(gradient.ref.mul(1 - beta1));
      const v = second[name].mul(beta2).add(np.square(gradient).mul(1 - beta2));
      next.first[name] = m.ref;
      next.second[name] = v.ref;
      const root = np.sqrt(v.mul(corrections[1].ref)).add(epsilon);
      const change = m.mul(corrections[0].ref).div(root).mul(learningRate);
      const decay = weights[name].ndim === 2 ? weightDecay : 0;
      next.weights[name] = weights[name].mul(1 - learningRate * decay).sub(change);
    }
    tree.dispose([...corrections]);
    return next;
  };

  const step = jit((
    state: State,
    inputs: Array,
    targets: Array,
    corrections: [Array, Array],
  ): [Array, State] => {
    const [loss, gradients] = lossAndGradients(tree.ref(state.weights), inputs, targets);
    return [loss, update(state, gradients as Tree, corrections)];
  });

  return {
    differentiate: async () => {
      const [loss, found] = differentiate(tree.ref(state.weights), inputs.ref, targets.ref);
      const gradients = new Map<string, Float32Array>();
      for (const name of names) gradients.set(name, await found[name].data() as Float32Array);
      return { loss: Number((await loss.data())[0]), gradients };
    },
    step: async () => {
      steps++;
      const corrections = [ADAMW.beta1, ADAMW.beta2].map((beta) => {
        return np.array(Float32Array.of(1 / (1 - beta ** steps)), { shape: [] });
      });
      const [loss, next] = step(state, inputs.ref, targets.ref, [corrections[0], corrections[1]]);
      state = next;
      await blockUntilReady(tree.ref(state));
      return Number((await loss.data())[0]);
    },
    memoryBytes,
    [Symbol.asyncDispose]: () => {
      tree.dispose([state, inputs, targets]);
      return Promise.resolve();
    },
  };
}

/** All tokens in a row, as jax-js wants indices. */
function flat(windows: readonly Uint32Array[]): Int32Array<ArrayBuffer> {
  return Int32Array.from(windows.flatMap((window) => [...window]));
}
