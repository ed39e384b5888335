import { assert, assertEquals, assertRejects } from "@std/assert";
import { createWasmDevice, type Device } from "@pare/linalg";
import { parseConfig } from "@pare/model";
import { agreeUpTo } from "./learning_rate.ts";
import { DEMO_RECIPE, type TrainingRecipe } from "./recipe.ts";
import { createTrainer } from "./trainer.ts";
import { type LogEntry, trainingFiles, type TrainingState } from "./training_files.ts";
import { runTraining } from "./training_run.ts";

const CONFIG = parseConfig({
  model_type: "llama",
  vocab_size: 24,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 16,
  tie_word_embeddings: true,
}, "tiny");

const RECIPE: TrainingRecipe = {
  ...DEMO_RECIPE,
  steps: 7,
  windows: 4,
  windowLength: 12,
  microBatches: 2,
  warmupSteps: 2,
  cooldownSteps: 2,
  learningRate: 0.01,
  heldOutEvery: 2,
  heldOutWindows: 3,
};

/** Counts up by one or by two, which a model learns in no time. */
function window(index: number): Uint32Array {
  return Uint32Array.from({ length: 13 }, (_, i) => (7 * index + (1 + index % 2) * i) % 24);
}

const HELD_OUT = {
  stories: [window(101), window(103), window(105)],
  arithmetic: [window(102), window(104), window(106)],
  russian: [window(101), window(102), window(103)],
};

/** A run to its end; throws what `onStep` throws, or the reason of the signal. */
async function run(
  device: Device,
  state: TrainingState | null,
  save: (state: TrainingState) => Promise<void>,
  options: {
    recipe?: TrainingRecipe;
    onStep?: (entry: LogEntry) => void;
    signal?: AbortSignal;
  } = {},
) {
  const { recipe = RECIPE } = options;
  using trainer = createTrainer({ device, config: CONFIG, recipe, window });
  const log = await runTraining({
    trainer,
    recipe,
    heldOut: HELD_OUT,
    state,
    save,
    saveEvery: 3,
    onStep: () => {},
    signal: new AbortController().signal,
    ...options,
  });
  return { log, tensors: await trainer.download() };
}

Deno.test("runTraining() goes on after an interruption to the same bytes", async () => {
  using device = await createWasmDevice({ threads: 1 });
  const whole = await run(device, null, () => Promise.resolve());
  assertEquals(whole.log.map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7]);
  assertEquals(whole.log.filter(({ heldOut }) => heldOut).map(({ step }) => step), [2, 4, 6, 7]);
  assert(whole.log[6].loss < whole.log[0].loss);
  for (const [stop, saved] of [[4, 4], [6, 6]]) {
    const files = trainingFiles(await Deno.makeTempDir(), { seed: 1 });
    const interrupt = new AbortController();
    const onStep = ({ step }: LogEntry) => step === stop && interrupt.abort();
    await assertRejects(
      () => run(device, null, files.save, { onStep, signal: interrupt.signal }),
      DOMException,
    );
    const state = await files.load();
    assertEquals(state?.log.length, saved);
    assertEquals(await run(device, state, files.save), whole);
    // A run that is over makes no more steps.
    assertEquals(await run(device, await files.load(), files.save), whole);
  }
});

Deno.test("runTraining() goes on from the last state saved where it broke off", async () => {
  using device = await createWasmDevice({ threads: 1 });
  const whole = await run(device, null, () => Promise.resolve());
  const files = trainingFiles(await Deno.makeTempDir(), { seed: 1 });
  const onStep = ({ step }: LogEntry) => {
    if (step === 5) throw new Error("power cut");
  };
  await assertRejects(() => run(device, null, files.save, { onStep }), Error, "power cut");
  const state = await files.load();
  assertEquals(state?.log.length, 3);
  assertEquals(await run(device, state, files.save), whole);
});

Deno.test("runTraining() goes on to more steps as if there had been as many from the start", async () => {
  using device = await createWasmDevice({ threads: 1 });
  const recipe = { ...RECIPE, steps: 9 };
  const whole = await run(device, null, () => Promise.resolve(), { recipe });
  const files = trainingFiles(await Deno.makeTempDir(), { seed: 1 });
  const interrupt = new AbortController();
  const onStep = ({ step }: LogEntry) => step === 5 && interrupt.abort();
  const { signal } = interrupt;
  await assertRejects(() => run(device, null, files.save, { onStep, signal }), DOMException);
  const state = await files.load();
  // The rate of a run of 7 steps begins to fall in its sixth.
  assert(state && agreeUpTo(5, state.schedule, recipe));
  assertEquals(await run(device, state, files.save, { recipe }), whole);
});

Deno.test("runTraining() makes the same bytes on any number of threads", async () => {
  using one = await createWasmDevice({ threads: 1 });
  using three = await createWasmDevice({ threads: 3 });
  const nothing = () => Promise.resolve();
  assertEquals(await run(three, null, nothing), await run(one, null, nothing));
});

Deno.test("createTrainer() measures the loss of a model that knows nothing as log of the vocabulary", async () => {
  using device = await createWasmDevice({ threads: 1 });
  const recipe = { ...RECIPE, initialDeviation: 1e-6 };
  using trainer = createTrainer({ device, config: CONFIG, recipe, window });
  // Logits are of the order of 1e-6, so the loss is off by that.
  for (const windows of Object.values(HELD_OUT)) {
    assert(Math.abs(await trainer.lossOf(windows) - Math.log(24)) < 1e-5);
  }
});
